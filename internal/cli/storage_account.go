package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// storageFlags say how an account is opened that is not the running lazuli's.
type storageFlags struct {
	connection string
	sas        string
}

func (f *storageFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.connection, "connection-string", "", "connection string of an account (default: AZURE_STORAGE_CONNECTION_STRING, where it names the account)")
	cmd.Flags().StringVar(&f.sas, "sas", "", "shared access signature: what follows the ? of a signed address")
	cmd.MarkFlagsMutuallyExclusive("connection-string", "sas")
}

// storageConnection is the variable that Azure's tools and SDKs read.
const storageConnection = "AZURE_STORAGE_CONNECTION_STRING"

// storageScope is what a token for Storage is good for, as the SDK asks for it.
const storageScope = "https://storage.azure.com/.default"

// azureRealm is where Azure's accounts reach each other.
const azureRealm = "azure"

// blobAccount is an account that was opened.
type blobAccount struct {
	name   string
	client *service.Client
	realm  string // whose services reach each other; "" unknown
	signs  bool   // the client has the account's key
	local  bool   // of the running lazuli
}

// open finds an account, and signs in if it has to: the one of the connection string,
// one of the running lazuli, or Azure's.
func (f *storageFlags) open(ctx context.Context, s *session, name string) (*blobAccount, error) {
	given, err := parseStorageConnection(f.connection)
	if err != nil {
		return nil, fmt.Errorf("--connection-string: %w", err)
	}
	if f.connection != "" && (name == "" || strings.EqualFold(name, given.account)) {
		return given.open()
	}
	info, err := s.instance()
	if err != nil && !errors.Is(err, instance.ErrNone) {
		return nil, err
	}
	if err == nil {
		if _, has := info.Account(instance.StorageAccounts, name); has {
			return f.local(info, name)
		}
		if name == "" {
			return nil, errors.New("the running lazuli has no storage; start it again with this version")
		}
	}
	if text := os.Getenv(storageConnection); f.connection == "" && f.sas == "" && text != "" {
		given, err := parseStorageConnection(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", storageConnection, err)
		}
		if name == "" || strings.EqualFold(name, given.account) {
			return given.open()
		}
	}
	if name == "" {
		return nil, fmt.Errorf("%w; blob://ACCOUNT/… names one of Azure's accounts", err)
	}
	return f.azure(ctx, s, name)
}

// blobOptions are those of all clients. Bytes come as they are stored: HTTP's own
// decompression is off.
func blobOptions(transport *http.Transport) *service.ClientOptions {
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = 64
	return &service.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: 3, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 2 * time.Second},
		Transport: &http.Client{Transport: transport},
		Telemetry: policy.TelemetryOptions{ApplicationID: "lazuli"},
	}}
}

// local opens an account of the running lazuli, whatever its name leads to elsewhere:
// with its key, or as the developer where keys open nothing.
func (f *storageFlags) local(info instance.Info, name string) (*blobAccount, error) {
	facts, err := connect.Of(info, connect.Choice{Storage: name})
	if err != nil {
		return nil, err
	}
	trust, err := trusting(facts.CAFile)
	if err != nil {
		return nil, err
	}
	transport := httpClient(trust).Transport.(*http.Transport)
	at := reachable(info.Addresses[instance.Blob])
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}
	a := &blobAccount{name: facts.StorageAccount, realm: info.DataDir, local: true}
	opts := blobOptions(transport)
	switch {
	case f.sas != "":
		a.client, err = service.NewClientWithNoCredential(facts.BlobEndpoint+"?"+strings.TrimPrefix(f.sas, "?"), opts)
	case facts.StorageKey != "":
		a.signs = true
		a.client, err = keyClient(facts.BlobEndpoint, facts.StorageAccount, facts.StorageKey, opts)
	default:
		who, problem := newDeveloper(info)
		if problem != nil {
			return nil, problem
		}
		// A token goes over TLS alone, which the same port speaks.
		a.client, err = service.NewClient(strings.Replace(facts.BlobEndpoint, "http://", "https://", 1), who, opts)
	}
	return a, err
}

func keyClient(endpoint, account, key string, opts *service.ClientOptions) (*service.Client, error) {
	cred, err := service.NewSharedKeyCredential(account, key)
	if err != nil {
		return nil, fmt.Errorf("the account's key is not base64: %w", err)
	}
	return service.NewClientWithSharedKeyCredential(endpoint, cred, opts)
}

// azure opens an account of Azure with the signature that was given, or signed in.
func (f *storageFlags) azure(ctx context.Context, s *session, name string) (*blobAccount, error) {
	host := name
	if !strings.Contains(host, ".") {
		host += ".blob.core.windows.net"
	}
	a := &blobAccount{name: name, realm: azureRealm}
	opts := blobOptions(http.DefaultTransport.(*http.Transport).Clone())
	endpoint := "https://" + host + "/"
	if f.sas != "" {
		var err error
		a.client, err = service.NewClientWithNoCredential(endpoint+"?"+strings.TrimPrefix(f.sas, "?"), opts)
		return a, err
	}
	cred, err := signIn(ctx, storageScope)
	if err != nil {
		return nil, noStorageAccount(s, name, err)
	}
	a.client, err = service.NewClient(endpoint, cred, opts)
	return a, err
}

// readableFor signs an address of a blob for another service, for as long as a copy of
// the largest may take.
func readableFor(b *blob.Client) (string, error) {
	begin := time.Now().Add(-15 * time.Minute) // clocks differ
	return b.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(24*time.Hour), &blob.GetSASURLOptions{StartTime: &begin})
}

// storageString is a connection string, as far as blobs need it.
type storageString struct{ account, key, sas, endpoint string }

// parseStorageConnection reads NAME=VALUE fields; "" has none.
func parseStorageConnection(text string) (storageString, error) {
	fields := map[string]string{}
	for field := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(field, "="); ok {
			fields[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		} else if strings.TrimSpace(field) != "" {
			return storageString{}, errors.New("it is no list of NAME=VALUE;…")
		}
	}
	c := storageString{account: fields["accountname"], key: fields["accountkey"], sas: fields["sharedaccesssignature"], endpoint: fields["blobendpoint"]}
	switch {
	case text == "":
		return c, nil
	case strings.EqualFold(fields["usedevelopmentstorage"], "true"):
		return storageString{account: config.EmulatorStorageAccount, key: config.EmulatorStorageKey, endpoint: "http://127.0.0.1:10000/" + config.EmulatorStorageAccount}, nil
	case c.account == "" && c.endpoint == "":
		return c, errors.New("it has neither AccountName nor BlobEndpoint")
	case c.key == "" && c.sas == "":
		return c, errors.New("it has neither AccountKey nor SharedAccessSignature")
	}
	if c.endpoint == "" {
		c.endpoint = fmt.Sprintf("%s://%s.blob.%s", cmp.Or(fields["defaultendpointsprotocol"], "https"), c.account, cmp.Or(fields["endpointsuffix"], "core.windows.net"))
	}
	if c.account == "" {
		c.account, _, _ = strings.Cut(hostOf(c.endpoint), ".")
	}
	return c, nil
}

func (c storageString) open() (*blobAccount, error) {
	a := &blobAccount{name: c.account, signs: c.key != ""}
	host := hostOf(c.endpoint)
	if strings.HasSuffix(host, ".blob.core.windows.net") {
		a.realm = azureRealm
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	trust, err := localTLS(host)
	if err != nil {
		return nil, err
	}
	if trust != nil {
		transport = httpClient(trust).Transport.(*http.Transport)
	}
	if a.signs {
		a.client, err = keyClient(c.endpoint, c.account, c.key, blobOptions(transport))
		return a, err
	}
	a.client, err = service.NewClientWithNoCredential(strings.TrimSuffix(c.endpoint, "/")+"/?"+strings.TrimPrefix(c.sas, "?"), blobOptions(transport))
	return a, err
}
