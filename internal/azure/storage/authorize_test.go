package storage

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

func authorize(t testing.TB, e *Endpoint, h *http.Request, op *Operation, target Target) (Grant, *Error) {
	t.Helper()
	r, err := e.Begin(httptest.NewRecorder(), h)
	var g Grant
	if err == nil {
		g, err = e.Authorize(r, op, target)
	}
	if err == nil {
		return g, nil
	}
	return g, FromFault(err)
}

func TestAnonymous(t *testing.T) {
	read := Operation{Name: "read", Public: PublicBlob}
	listing := Operation{Name: "list", Public: PublicContainer}
	write := Operation{Name: "write", Writes: true}
	for _, c := range []struct {
		container string
		op        *Operation
		noPublic  bool
		want      string
	}{
		{"private", &read, false, "NoAuthenticationInformation"},
		{"missing", &read, false, "NoAuthenticationInformation"},
		{PublicBlob, &read, false, ""},
		{PublicBlob, &listing, false, "NoAuthenticationInformation"},
		{PublicContainer, &read, false, ""},
		{PublicContainer, &listing, false, ""},
		{PublicContainer, &write, false, "NoAuthenticationInformation"},
		{PublicContainer, &read, true, "PublicAccessNotPermitted"},
		{"private", &read, true, "NoAuthenticationInformation"},
		{"", &read, false, "NoAuthenticationInformation"},
	} {
		access := newAccess()
		access.keys.NoPublic = c.noPublic
		e := newEndpoint(t, Blob, access)
		e.public = func(_ context.Context, name string) (string, error) {
			switch name {
			case "missing":
				return "", fault.New(fault.NotFound, name, "there is none")
			case "private":
				return "", nil
			}
			return name, nil
		}
		g, err := authorize(t, e, httptest.NewRequest(http.MethodGet, "/"+testAccount+"/x/y", nil), c.op, Target{Container: c.container})
		if code := codeOf(err); code != c.want || g.Anonymous != (c.want == "") {
			t.Errorf("%+v: %q %+v", c, code, g)
		}
		if err != nil && err.Code == "NoAuthenticationInformation" {
			if err.Status != 401 || err.Header[0].Value != "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize resource_id=https://storage.azure.com" {
				t.Errorf("the challenge: %d %v", err.Status, err.Header)
			}
		}
	}
}

func codeOf(e *Error) string {
	if e == nil {
		return ""
	}
	return e.Code
}

func TestBearer(t *testing.T) {
	now := time.Now()
	op := Operation{Name: "get", Actions: []string{"process/action", "delete and read"}}
	for _, c := range []struct {
		name    string
		header  string
		roles   []string
		expires time.Time
		want    string
	}{
		{"one action", "Bearer good", []string{"process/action"}, time.Time{}, ""},
		{"two actions", "bearer good", []string{"delete", "read"}, now.Add(time.Hour), ""},
		{"half of them", "Bearer good", []string{"delete"}, time.Time{}, "AuthorizationPermissionMismatch"},
		{"no role", "Bearer good", nil, time.Time{}, "AuthorizationPermissionMismatch"},
		{"expired", "Bearer good", []string{"process/action"}, now, "InvalidAuthenticationInfo"},
		{"bad", "Bearer bad", nil, time.Time{}, "InvalidAuthenticationInfo"},
		{"other scheme", "Basic good", nil, time.Time{}, "InvalidAuthenticationInfo"},
		{"no signature", "SharedKey " + testAccount, nil, time.Time{}, "InvalidAuthenticationInfo"},
		{"too long", "Bearer " + strings.Repeat("x", maxAuthorization), nil, time.Time{}, "InvalidAuthenticationInfo"},
	} {
		access := newAccess()
		access.verify = func(token string) (Bearer, error) {
			if token != "good" {
				return Bearer{}, fault.New(fault.Unauthorized, "", "no")
			}
			return Bearer{Principal: "p", Tenant: "t", Expires: c.expires, May: func(action, path string) error {
				if path != "/queueServices/default/queues/jobs" {
					t.Errorf("asked for %q", path)
				}
				for _, r := range c.roles {
					if r == action {
						return nil
					}
				}
				return fault.New(fault.Forbidden, "", "no role")
			}}, nil
		}
		h := httptest.NewRequest(http.MethodGet, "/"+testAccount+"/jobs/messages", nil)
		h.Header.Set("Authorization", c.header)
		g, err := authorize(t, newEndpoint(t, Queue, access), h, &op, Target{Container: "jobs"})
		if codeOf(err) != c.want || c.want == "" && (!g.Token || g.Principal != "p") {
			t.Errorf("%s: %v %+v", c.name, err, g)
		}
	}
}

// TestAddresses: where the account is, and what of the path is left.
func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		host, uri string
		want      string // path base secondary
	}{
		{"127.0.0.1:10000", "/devstoreaccount1/box/a%20b?x=1", "/box/a%20b http://127.0.0.1:10000/devstoreaccount1 false"},
		{"127.0.0.1:10000", "/devstoreaccount1", "/ http://127.0.0.1:10000/devstoreaccount1 false"},
		{"azurite:10000", "/devstoreaccount1-secondary/box//b/../c", "/box//b/../c http://azurite:10000/devstoreaccount1-secondary true"},
		{"storage.internal.local:10000", "/devstoreaccount1/box", "/box http://storage.internal.local:10000/devstoreaccount1 false"},
		{"devstoreaccount1.blob.localhost:10000", "/devstoreaccount1/x", "/devstoreaccount1/x http://devstoreaccount1.blob.localhost:10000 false"},
		{"DevStoreAccount1-Secondary.blob.core.windows.net", "/box", "/box http://DevStoreAccount1-Secondary.blob.core.windows.net true"},
		{"devstoreaccount1:10000", "/devstoreaccount1/x", "/x http://devstoreaccount1:10000/devstoreaccount1 false"},
		{"127.0.0.1", "http://127.0.0.1/devstoreaccount1/x?y", "/x http://127.0.0.1/devstoreaccount1 false"},
		{"127.0.0.1", "/other/x", "ResourceNotFound"},
		{"127.0.0.1", "*", "InvalidUri"},
		{"127.0.0.1", "/devstoreaccount1/x?a=%zz", "InvalidUri"},
	} {
		h := httptest.NewRequest(http.MethodGet, "/", nil)
		h.Host, h.RequestURI = c.host, c.uri
		r, err := newEndpoint(t, Blob, newAccess()).Begin(httptest.NewRecorder(), h)
		got := r.Path + " " + r.Base + " " + map[bool]string{true: "true", false: "false"}[r.Secondary]
		if err != nil {
			got = FromFault(err).Code
		}
		if got != c.want {
			t.Errorf("%s%s: %s", c.host, c.uri, got)
		}
	}
}

// TestSecondary: it reads by its own address or by the primary's in the signature, and
// writes nothing.
func TestSecondary(t *testing.T) {
	for _, h := range queueRequests(t, DevelopmentKey) {
		h.RequestURI = strings.Replace(h.RequestURI, testAccount, testAccount+"-secondary", 1)
		e := newEndpoint(t, Queue, newAccess())
		if _, err := authorize(t, e, h, &Operation{Name: "read"}, Target{}); err != nil {
			t.Errorf("%s: %v", h.RequestURI, err)
		}
		if _, err := authorize(t, e, h, &Operation{Name: "write", Writes: true}, Target{}); codeOf(err) != "InsufficientAccountPermissions" {
			t.Errorf("%s: %v", h.RequestURI, err)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct{ header, uri, want string }{
		{"2009-09-19", "/devstoreaccount1", "2009-09-19"},
		{"2199-01-01", "/devstoreaccount1", "2199-01-01"},
		{"", "/devstoreaccount1", Newest},
		{"", "/devstoreaccount1?sv=2018-03-28&sig=x", "2018-03-28"},
		{"2020-02-10", "/devstoreaccount1?sv=2018-03-28&sig=x", "2020-02-10"},
		{"new", "/devstoreaccount1", "InvalidHeaderValue"},
		{"2020-13-01", "/devstoreaccount1", "InvalidHeaderValue"},
		{"", "/devstoreaccount1?api-version=x", "InvalidQueryParameterValue"},
	} {
		h, w := httptest.NewRequest(http.MethodGet, c.uri, nil), httptest.NewRecorder()
		if c.header != "" {
			h.Header.Set("X-Ms-Version", c.header)
		}
		r, err := newEndpoint(t, Blob, newAccess()).Begin(w, h)
		got := r.Version
		if err != nil {
			got = FromFault(err).Code
		} else if w.Header().Get("x-ms-version") != got {
			t.Errorf("%+v: it is not echoed", c)
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestSharedKeyVariants: what SDKs in other languages sign, made by hand.
func TestSharedKeyVariants(t *testing.T) {
	date := time.Now().UTC().Format(http.TimeFormat)
	key := wire.NewSigner(decodeKey(DevelopmentKey))
	for _, c := range []struct {
		name, method, uri, lang, rng string
		lite                         bool
		text                         string
	}{
		{"JavaScript swaps two lines", "PUT", "/devstoreaccount1/b/x", "ko", "", false, "PUT\nko\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b/x"},
		{"Python signs no range", "GET", "/devstoreaccount1/b/x", "", "bytes=0-1", false, "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b/x"},
		{"a plus is a plus", "GET", "/devstoreaccount1/b?prefix=a+b&comp=list", "", "", false, "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b\ncomp:list\nprefix:a+b"},
		{"a plus is a space", "GET", "/devstoreaccount1/b?prefix=a+b&comp=list", "", "", false, "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b\ncomp:list\nprefix:a b"},
		{"JavaScript leaves odd parameters out", "GET", "/devstoreaccount1/b?prefix=a=b&comp=list&flag", "", "", false, "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b\ncomp:list"},
		{"values of one name are sorted", "GET", "/devstoreaccount1/b?include=z&INCLUDE=a&comp=list", "", "", false, "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b\ncomp:list\ninclude:a,z"},
		{"lite", "GET", "/devstoreaccount1/b?comp=list&prefix=x", "", "", true, "GET\n\n\n\nx-ms-date:" + date + "\n/devstoreaccount1/devstoreaccount1/b?comp=list"},
	} {
		h := httptest.NewRequest(c.method, c.uri, nil)
		h.Header.Set("x-ms-date", date)
		if c.lang != "" {
			h.Header.Set("Content-Language", c.lang)
		}
		if c.rng != "" {
			h.Header.Set("Range", c.rng)
		}
		scheme := "SharedKey "
		if c.lite {
			scheme = "SharedKeyLite "
		}
		h.Header.Set("Authorization", scheme+testAccount+":"+encode(key.Sign([]byte(c.text))))
		if _, err := authorize(t, newEndpoint(t, Blob, newAccess()), h, &anyOperation, Target{}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
