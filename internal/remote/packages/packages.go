// Package packages reads and writes the packages of function apps, which are blobs, with
// the official client: in a storage account of this process, by its own door, or on Azure.
//
// It implements site.Blobs. Whoever makes it says where the names of accounts lead, whom
// their certificates are trusted from, and who a site is.
package packages

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// Options configure New.
type Options struct {
	// Dial reaches an address, host:port. Required.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Authorities are whom certificates are trusted from; nil: the system's.
	Authorities *x509.CertPool
	// Token is a token of a site for a resource, as its managed identity gets it.
	Token func(ctx context.Context, as site.As, resource string) (text string, expires time.Time, err error)
}

// Packages is safe for concurrent use.
type Packages struct {
	o      Options
	client *http.Client
}

// How long a package may take to come, and how often a request that failed on the way is
// tried again.
const (
	limit   = 15 * time.Minute
	retries = 2
)

// New returns packages. Nothing is dialed yet.
func New(o Options) *Packages {
	t := &http.Transport{
		DialContext: o.Dial, ForceAttemptHTTP2: false, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
		TLSClientConfig: &tls.Config{RootCAs: o.Authorities, MinVersion: tls.VersionTLS12},
	}
	return &Packages{o, &http.Client{
		Transport: t, Timeout: limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token is for one host
	}}
}

// Close lets connections go.
func (p *Packages) Close() { p.client.CloseIdleConnections() }

// Read implements site.Blobs.
func (p *Packages) Read(ctx context.Context, address string, as site.As) (site.Blob, error) {
	c, err := p.blob(address, as)
	if err != nil {
		return site.Blob{}, err
	}
	got, err := c.DownloadStream(ctx, nil)
	if err != nil {
		return site.Blob{}, refused(err)
	}
	out := site.Blob{Body: got.Body, Size: -1, MD5: got.ContentMD5}
	if got.ContentLength != nil {
		out.Size = *got.ContentLength
	}
	return out, nil
}

// Write implements site.Blobs.
func (p *Packages) Write(ctx context.Context, address string, as site.As, _ int64, body io.Reader) error {
	c, err := p.blob(address, as)
	if err != nil {
		return err
	}
	kind := "application/zip"
	_, err = c.UploadStream(ctx, body, &blockblob.UploadStreamOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &kind}})
	return refused(err)
}

// blob is a client of one blob.
func (p *Packages) blob(address string, as site.As) (*blockblob.Client, error) {
	opts := &blockblob.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: p.client, Retry: policy.RetryOptions{MaxRetries: retries, RetryDelay: 200 * time.Millisecond},
	}}
	var c *blockblob.Client
	var err error
	switch {
	case as.Key != "":
		account, key, kerr := accountKey(as.Key)
		if kerr != nil {
			return nil, kerr
		}
		cred, cerr := blob.NewSharedKeyCredential(account, key)
		if cerr != nil {
			return nil, fault.Wrap(fault.Invalid, "connection string", cerr, "its AccountKey")
		}
		c, err = blockblob.NewClientWithSharedKeyCredential(address, cred, opts)
	case as.Anyone || strings.HasPrefix(address, "http://"): // no token goes without TLS
		c, err = blockblob.NewClientWithNoCredential(address, opts)
	default:
		c, err = blockblob.NewClient(address, &credential{p, as}, opts)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "package", err, "its address")
	}
	return c, nil
}

// accountKey is who a connection string is, and its key.
func accountKey(text string) (account, key string, err error) {
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "accountname":
			account = value
		case "accountkey":
			key = value
		}
	}
	if account == "" || key == "" {
		return "", "", fault.New(fault.Invalid, "connection string", "it has not both AccountName and AccountKey")
	}
	return account, key, nil
}

// credential gives the tokens of a site.
type credential struct {
	p  *Packages
	as site.As
}

// GetToken implements azcore.TokenCredential.
func (c *credential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	text, expires, err := c.p.o.Token(ctx, c.as, "https://storage.azure.com/")
	return azcore.AccessToken{Token: text, ExpiresOn: expires}, err
}

// refused puts an error of the service into a line with its status and code.
func refused(err error) error {
	var said *azcore.ResponseError
	if err == nil || !errors.As(err, &said) {
		if err != nil && fault.KindOf(err) == fault.Internal {
			err = fault.Wrap(fault.Unavailable, "package", err, "its storage cannot be reached")
		}
		return err
	}
	kind := fault.Unavailable
	switch said.StatusCode {
	case http.StatusNotFound:
		kind = fault.NotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = fault.Forbidden
	}
	return fault.New(kind, "", "the storage service answered %d %s%s", said.StatusCode, said.ErrorCode, hint(said))
}

// hint is what to do about an answer that people meet.
func hint(said *azcore.ResponseError) string {
	switch said.ErrorCode {
	case "AuthorizationPermissionMismatch":
		return ": the app's identity needs a role there, as Storage Blob Data Reader (to publish: Contributor)"
	case "BlobNotFound", "ContainerNotFound":
		return ": there is no such blob"
	case "ResourceNotFound", "PublicAccessNotPermitted", "NoAuthenticationInformation":
		return ": the blob is not public; give the app an identity with a role there, or the address a signature (SAS)"
	}
	return ""
}
