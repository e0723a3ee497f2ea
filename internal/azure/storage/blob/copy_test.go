package blob

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	sdkservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// What http serves elsewhere can be a source.
func TestCopyFromElsewhere(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/file":
			w.Header().Set("Content-Type", "text/csv")
			w.Header().Set("x-ms-meta-from", "afar")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
		case "/breaks":
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("01"))
		case "/page":
			w.Header().Set("x-ms-blob-type", "PageBlob")
		case "/moved":
			http.Redirect(w, r, "/file", http.StatusFound)
		default:
			http.Error(w, "no", http.StatusForbidden)
		}
	}))
	defer elsewhere.Close()
	from := func(path string) h { return h{"x-ms-copy-source", elsewhere.URL + path} }
	sync := h{"x-ms-requires-sync", "true"}
	a.must(202, "PUT", "/box/copy", "", from("/file?sig=secret").and(sync...))
	r := a.must(200, "GET", "/box/copy", "", nil)
	if r.body != "0123456789" || r.header.Get("Content-Type") != "text/csv" || r.header.Get("x-ms-meta-from") != "afar" ||
		r.header.Get("x-ms-copy-progress") != "10/10" || r.header.Get("x-ms-copy-source") != elsewhere.URL+"/file" {
		t.Errorf("%q %v", r.body, r.header)
	}
	a.must(201, "PUT", "/box/put", "", block.and(from("/file")...))
	a.must(201, "PUT", "/box/blocks?comp=block&blockid=AAAA", "", from("/file").and("x-ms-source-range", "bytes=2-4"))
	a.must(201, "PUT", "/box/blocks?comp=blocklist", "<BlockList><Latest>AAAA</Latest></BlockList>", nil)
	if got := a.must(200, "GET", "/box/blocks", "", nil).body; got != "234" {
		t.Errorf("%q", got)
	}
	a.refused(403, "CannotVerifyCopySource", "PUT", "/box/x", "", from("/forbidden"))
	a.refused(404, "CannotVerifyCopySource", "PUT", "/box/x", "", from("/moved"))
	a.refused(404, "CannotVerifyCopySource", "PUT", "/box/x", "", from("/moved").and(sync...))
	a.refused(500, "CannotVerifyCopySource", "PUT", "/box/x", "", from("/breaks").and(sync...))
	a.refused(501, "NotImplemented", "PUT", "/box/x", "", from("/page"))
	a.refused(501, "NotImplemented", "PUT", "/box/x", "", from("/file").and("x-ms-copy-source-tag-option", "COPY"))
	a.refused(400, "Md5Mismatch", "PUT", "/box/x", "", block.and(from("/file")...).and("x-ms-source-content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="))
	a.refused(404, "BlobNotFound", "GET", "/box/x", "", nil)
	a.refused(412, "ConditionNotMet", "PUT", "/box/copy", "", from("/file").and("If-Match", `"0x1"`))
	a.refused(404, "CannotVerifyCopySource", "PUT", "/box/x", "", h{"x-ms-copy-source", "http://169.254.169.254/latest"})
}

// Accounts of one process copy from each other without a detour, by what the URL lets
// in.
func TestCopyBetweenAccounts(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/source", "shared", block)
	var other *testAccount
	other = serveAccount(t, a.engine, a.service.exists, a.clock, "other", func(c *Config) {
		c.Sibling = func(u *url.URL) *Service {
			if u.Host == strings.TrimPrefix(a.base, "http://") {
				return a.service
			}
			return other.service
		}
	})
	other.container()
	source := a.url() + "/box/source"
	other.refused(401, "CannotVerifyCopySource", "PUT", "/box/copy", "", h{"x-ms-copy-source", source})
	signed := &http.Request{URL: mustURL(source)}
	accountSAS("r", "o", "b", time.Hour)(a, deed{}, signed)
	other.must(202, "PUT", "/box/copy", "", h{"x-ms-copy-source", signed.URL.String()})
	if got := other.must(200, "GET", "/box/copy", "", nil).body; got != "shared" {
		t.Errorf("%q", got)
	}
	if _, err := a.store.SetContainerACL(t.Context(), "box", objectstore.BlobAccess, nil, objectstore.Conditions{}); err != nil {
		t.Fatal(err)
	}
	other.must(202, "PUT", "/box/public", "", h{"x-ms-copy-source", source})
	other.refused(412, "SourceConditionNotMet", "PUT", "/box/x", "", h{"x-ms-copy-source", source, "x-ms-source-if-match", `"0x1"`})
	other.refused(404, "CannotVerifyCopySource", "PUT", "/box/x", "", h{"x-ms-copy-source", a.url() + "/box/none"})
	other.must(201, "PUT", "/box/token", "", block.and("x-ms-copy-source", source, "x-ms-copy-source-authorization", "Bearer owner"))
	other.refused(401, "CannotVerifyCopySource", "PUT", "/box/x", "", block.and("x-ms-copy-source", source, "x-ms-copy-source-authorization", "Bearer stranger"))
}

// fakeToken is a credential whose token names a role.
type fakeToken string

func (f fakeToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(f), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestSDKTokensAndDelegation(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/blob", "delegated", block)
	client := func(role string) *sdkservice.Client {
		o := &sdkservice.ClientOptions{}
		o.InsecureAllowCredentialWithHTTP = true
		c, err := sdkservice.NewClient(a.url(), fakeToken(role), o)
		noError(t, err)
		return c
	}
	reader := client("reader")
	if got := download(t, reader.NewContainerClient("box").NewBlobClient("blob")); got != "delegated" {
		t.Errorf("%q", got)
	}
	_, err := reader.CreateContainer(t.Context(), "other", nil)
	wants(t, err, bloberror.AuthorizationPermissionMismatch)
	start, end := time.Now().Add(-time.Minute).UTC(), time.Now().Add(time.Hour).UTC()
	info := sdkservice.KeyInfo{Start: ptr(start.Format(sas.TimeFormat)), Expiry: ptr(end.Format(sas.TimeFormat))}
	key, err := reader.GetUserDelegationCredential(t.Context(), info, nil)
	noError(t, err)
	signed, err := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPSandHTTP, StartTime: start, ExpiryTime: end, Permissions: (&sas.BlobPermissions{Read: true, Write: true}).String(),
		ContainerName: "box", BlobName: "blob",
	}.SignWithUserDelegation(key)
	noError(t, err)
	b, err := sdkblob.NewClientWithNoCredential(a.url()+"/box/blob?"+signed.Encode(), nil)
	noError(t, err)
	if got := download(t, b); got != "delegated" {
		t.Errorf("%q", got)
	}
	_, err = b.SetMetadata(t.Context(), nil, nil) // the signature has w, the reader's role has not
	wants(t, err, bloberror.AuthorizationPermissionMismatch)
	_, err = a.sdk().GetUserDelegationCredential(t.Context(), info, nil)
	wants(t, err, bloberror.AuthenticationFailed)
}

func ptr[T any](v T) *T { return &v }

// A signature that opens one container does not copy out of another.
func TestCopyReadsNoMoreThanItsCallerMay(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/private?restype=container", "", nil)
	a.must(201, "PUT", "/private/secret", "secret", block)
	source := h{"x-ms-copy-source", a.url() + "/private/secret"}
	call := func(show func(*testAccount, deed, *http.Request)) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "PUT", a.url()+"/box/copy", nil)
		noError(t, err)
		req.Header.Set(source[0], source[1])
		show(a, deed{}, req)
		resp, err := a.http.Do(req)
		noError(t, err)
		resp.Body.Close()
		return answer{resp.StatusCode, resp.Header, ""}.cell()
	}
	for name, c := range map[string]struct {
		show func(*testAccount, deed, *http.Request)
		want string
	}{
		"a SAS of the other container": {containerSAS("rwc"), "401 CannotVerifyCopySource"},
		"a SAS of the account":         {accountSAS("wc", "o", "b", time.Hour), "401 CannotVerifyCopySource"},
		"a token that may read it":     {bearer("contributor"), "202"},
		"the key":                      {func(a *testAccount, _ deed, req *http.Request) { req.URL.Opaque = req.URL.Path; a.sign(req) }, "202"},
	} {
		if got := call(c.show); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
