package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// The rights matrix: everything that the operation table serves or refuses by name,
// by everything that a client can show. What must come of it is worked out from the
// vendor's tables of permissions; the code's own columns are not looked at.

// need is what an operation asks ("Create an account SAS", "Create a service SAS",
// "Authorize with Microsoft Entra ID: Permissions for calling data operations").
type need struct {
	letters string // any of them in a SAS; "" no SAS opens it
	level   string // s, c or o of an account SAS
	service bool   // a SAS of the container opens it too
	actions string // of roles, any, separated by |
	public  string // blob, container: the level from which it is open to anybody
}

const (
	asRead  = blobActions + "read"
	asWrite = blobActions + "write"
	asAdd   = blobActions + "write|" + blobActions + "add/action"
)

var needs = map[string]need{
	"blob.get":                 {"r", "o", true, asRead, "blob"},
	"blob.properties":          {"r", "o", true, asRead, "blob"},
	"blob.metadata":            {"r", "o", true, asRead, "blob"},
	"block.list":               {"r", "o", true, asRead, "blob"},
	"page.list":                {"r", "o", true, asRead, "blob"},
	"blob.query":               {"r", "o", true, asRead, ""},
	"blob.put":                 {"wc", "o", true, asAdd, ""},
	"blob.put.url":             {"wc", "o", true, asAdd, ""},
	"blob.copy":                {"wc", "o", true, asAdd, ""},
	"blob.copy.abort":          {"w", "o", true, asWrite, ""},
	"block.put":                {"wc", "o", true, asAdd, ""},
	"block.put.url":            {"wc", "o", true, asAdd, ""},
	"block.commit":             {"wc", "o", true, asAdd, ""},
	"blob.lease":               {"w", "o", true, asWrite, ""},
	"blob.lease.break":         {"wd", "o", true, asWrite, ""},
	"blob.metadata.set":        {"w", "o", true, asWrite, ""},
	"blob.properties.set":      {"w", "o", true, asWrite, ""},
	"blob.tier":                {"w", "o", true, asWrite, ""},
	"blob.undelete":            {"w", "o", true, asWrite, ""},
	"blob.expiry":              {"w", "o", true, asWrite, ""},
	"append.put":               {"aw", "o", true, asAdd, ""},
	"append.put.url":           {"aw", "o", true, asAdd, ""},
	"append.seal":              {"w", "o", true, asWrite, ""},
	"page.put":                 {"w", "o", true, asWrite, ""},
	"page.put.url":             {"w", "o", true, asWrite, ""},
	"page.copy":                {"w", "o", true, asWrite, ""},
	"blob.delete":              {"d", "o", true, blobActions + "delete", ""},
	"blob.delete.version":      {"x", "o", true, blobActions + "deleteBlobVersion/action", ""},
	"blob.snapshot":            {"wc", "o", true, asAdd, ""},
	"blob.tags":                {"t", "o", true, blobActions + "tags/read", ""},
	"blob.tags.set":            {"t", "o", true, blobActions + "tags/write", ""},
	"blob.immutability.set":    {"i", "o", true, blobActions + "immutableStorage/runAsSuperUser/action", ""},
	"blob.immutability.delete": {"i", "o", true, blobActions + "immutableStorage/runAsSuperUser/action", ""},
	"blob.legalhold":           {"i", "o", true, blobActions + "immutableStorage/runAsSuperUser/action", ""},

	"blob.list":              {"l", "c", true, asRead, "container"},
	"container.find":         {"f", "c", true, blobActions + "filter/action", ""},
	"container.create":       {"cw", "c", false, containerActions + "write", ""},
	"container.properties":   {"r", "c", false, containerActions + "read", "container"},
	"container.metadata":     {"r", "c", false, containerActions + "read", "container"},
	"container.metadata.set": {"w", "c", false, containerActions + "write", ""},
	"container.delete":       {"d", "c", false, containerActions + "delete", ""},
	"container.acl":          {"", "c", false, containerActions + "getAcl/action", ""},
	"container.acl.set":      {"", "c", false, containerActions + "setAcl/action", ""},
	"container.lease":        {"w", "c", false, containerActions + "write", ""},
	"container.lease.break":  {"wd", "c", false, containerActions + "write", ""},
	"container.undelete":     {"w", "c", false, containerActions + "write", ""},
	"container.rename":       {"w", "c", false, containerActions + "write", ""},

	"container.list":         {"l", "s", false, containerActions + "read", ""},
	"service.properties":     {"r", "s", false, serviceActions + "read", ""},
	"service.properties.set": {"w", "s", false, serviceActions + "write", ""},
	"service.stats":          {"r", "s", false, serviceActions + "read", ""},
	"service.delegationkey":  {"", "s", false, serviceActions + "generateUserDelegationKey/action", ""},
	"service.find":           {"f", "s", false, blobActions + "filter/action", ""},
}

// deed is an operation as a client sends it.
type deed struct {
	name, method, path, query, body string
	header                          h
}

// deeds are the rows of the table but for batches, whose requests have rights of
// their own.
func deeds(t *testing.T) []deed {
	t.Helper()
	headers := map[string]h{
		"blob.put": block, "blob.lease": {"x-ms-lease-action", "acquire", "x-ms-lease-duration", "15"}, "blob.lease.break": {"x-ms-lease-action", "break"},
		"container.lease": {"x-ms-lease-action", "acquire", "x-ms-lease-duration", "15"}, "container.lease.break": {"x-ms-lease-action", "break"},
		"blob.tier": {"x-ms-access-tier", "Cool"}, "page.put": {"x-ms-range", "bytes=0-511", "x-ms-page-write", "clear"},
		"blob.put.url": block.and("x-ms-copy-source", "SOURCE"), "blob.copy": {"x-ms-copy-source", "SOURCE"}, "block.put.url": {"x-ms-copy-source", "SOURCE"},
		"append.put.url": {"x-ms-copy-source", "SOURCE"}, "page.put.url": {"x-ms-copy-source", "SOURCE", "x-ms-range", "bytes=0-511", "x-ms-page-write", "update", "x-ms-source-range", "bytes=0-511"},
		"blob.copy.abort":    {"x-ms-copy-action", "abort"},
		"container.undelete": {"x-ms-deleted-container-name", "box", "x-ms-deleted-container-version", "x"},
	}
	bodies := map[string]string{
		"blob.put": "x", "block.put": "x", "append.put": "x", "block.commit": "<BlockList />", "blob.tags.set": "<Tags><TagSet /></Tags>",
		"service.properties.set": "<StorageServiceProperties />", "service.delegationkey": "<KeyInfo><Expiry>" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + "</Expiry></KeyInfo>",
	}
	queries := map[string]string{"block.put": "&blockid=AAAA", "block.put.url": "&blockid=AAAA", "blob.copy.abort": "&copyid=x", "container.find": "&where=a='b'", "service.find": "&where=a='b'", "blob.delete.version": "&versionid=2020-01-01T00:00:00.0000000Z"}
	var all []deed
	for _, op := range operations {
		name := op.right.Name
		if op.comp == "batch" {
			continue
		}
		if _, known := needs[name]; !known {
			t.Fatalf("the matrix does not know the operation %s: what does it ask?", name)
		}
		d := deed{name: name, method: op.method, header: headers[name], body: bodies[name]}
		d.path = map[scope]string{inAccount: "/", inContainer: "/box", inBlob: "/box/blob"}[op.scope]
		restype := map[scope]string{inAccount: "&restype=service", inContainer: "&restype=container", inBlob: ""}[op.scope]
		comp := ""
		if op.comp != "" {
			comp = "&comp=" + op.comp
		}
		d.query = strings.TrimPrefix(restype+comp+queries[name], "&")
		all = append(all, d)
	}
	return all
}

// proof is what a client shows, and the code that must come of it: "" when it is let
// through, whatever the operation makes of it.
type proof struct {
	show func(a *testAccount, d deed, req *http.Request)
	want func(n need) string
	set  func(a *testAccount)
}

func show(show func(a *testAccount, d deed, req *http.Request), want func(need) string) proof {
	return proof{show: show, want: want}
}

func always(code string) func(need) string { return func(need) string { return code } }

// accountSAS is a SAS of the account, signed apart from the code under test.
func accountSAS(letters, types, services string, end time.Duration) func(*testAccount, deed, *http.Request) {
	return func(a *testAccount, _ deed, req *http.Request) {
		expiry := a.clock.Now().Add(end).UTC().Format("2006-01-02T15:04:05Z")
		fields := []string{a.name, letters, services, types, "", expiry, "", "", "2021-12-02", "", ""}
		q := url.Values{"sp": {letters}, "ss": {services}, "srt": {types}, "se": {expiry}, "sv": {"2021-12-02"}, "sig": {hmacOf(storage.DevelopmentKey, fields...)}}
		addQuery(req, q)
	}
}

// containerSAS is a SAS of the container box.
func containerSAS(letters string) func(*testAccount, deed, *http.Request) {
	return func(a *testAccount, _ deed, req *http.Request) {
		expiry := a.clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z")
		fields := []string{letters, "", expiry, "/blob/" + a.name + "/box", "", "", "", "2021-12-02", "c", "", "", "", "", "", "", ""}
		q := url.Values{"sp": {letters}, "se": {expiry}, "sv": {"2021-12-02"}, "sr": {"c"}, "sig": {hmacOf(storage.DevelopmentKey, fields...)}}
		addQuery(req, q)
	}
}

func addQuery(req *http.Request, q url.Values) {
	if req.URL.RawQuery != "" {
		req.URL.RawQuery += "&"
	}
	req.URL.RawQuery += q.Encode()
}

func hmacOf(key string, fields ...string) string {
	secret, _ := base64.StdEncoding.DecodeString(key)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.Join(fields, "\n")))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func bearer(token string) func(*testAccount, deed, *http.Request) {
	return func(_ *testAccount, _ deed, req *http.Request) { req.Header.Set("Authorization", "Bearer "+token) }
}

func byRole(role string) func(need) string {
	return func(n need) string {
		for action := range strings.SplitSeq(n.actions, "|") {
			if mayRole(role)(action, "") == nil {
				return ""
			}
		}
		return "AuthorizationPermissionMismatch"
	}
}

// byAccountSAS is what must come of an account SAS.
func byAccountSAS(letters, types string) func(need) string {
	return func(n need) string {
		switch {
		case n.letters == "":
			return "denied"
		case !strings.Contains(types, n.level):
			return "AuthorizationResourceTypeMismatch"
		case !strings.ContainsAny(letters, n.letters):
			return "AuthorizationPermissionMismatch"
		}
		return ""
	}
}

func byContainerSAS(letters string) func(need) string {
	return func(n need) string {
		switch {
		case n.level == "s":
			return "AuthenticationFailed" // it is signed for a container
		case !n.service:
			return "AuthorizationFailure"
		case !strings.ContainsAny(letters, n.letters):
			return "AuthorizationPermissionMismatch"
		}
		return ""
	}
}

func byPublic(level string) func(need) string {
	return func(n need) string {
		if n.public == level || n.public == "blob" && level == "container" {
			return ""
		}
		return "NoAuthenticationInformation"
	}
}

func proofs() map[string]proof {
	all := map[string]proof{
		"key":            show(func(a *testAccount, _ deed, req *http.Request) { a.sign(req) }, always("")),
		"nothing":        show(func(*testAccount, deed, *http.Request) {}, always("NoAuthenticationInformation")),
		"unknown scheme": show(func(_ *testAccount, _ deed, req *http.Request) { req.Header.Set("Authorization", "Basic x") }, always("InvalidAuthenticationInfo")),
		"unknown token":  show(bearer("stranger"), always("InvalidAuthenticationInfo")),
		"wrong signature": show(func(a *testAccount, _ deed, req *http.Request) {
			a.sign(req)
			req.Header["x-ms-extra"] = []string{"not signed"}
		}, always("AuthenticationFailed")),
		"old date": show(func(a *testAccount, _ deed, req *http.Request) {
			req.Header["x-ms-date"] = []string{a.clock.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}
			a.sign(req)
		}, always("AuthenticationFailed")),
		"keys disabled": {
			show: func(a *testAccount, _ deed, req *http.Request) { a.sign(req) }, want: always("KeyBasedAuthenticationNotPermitted"),
			set: func(a *testAccount) { a.access.change(func(k *storage.Keys) { k.Disabled = true }) },
		},
		"SAS of another service": show(accountSAS("rwdlactfxiy", "sco", "q", time.Hour), always("AuthorizationServiceMismatch")),
		"SAS that has expired":   show(accountSAS("rwdlactfxiy", "sco", "b", -time.Hour), always("AuthenticationFailed")),
	}
	for role := range roleActions {
		all["role "+role] = show(bearer(role), byRole(role))
	}
	for _, letters := range []string{"r", "w", "c", "d", "l", "a", "t", "f", "x", "i", "y", "rwdlactfxi"} {
		all["account SAS "+letters] = show(accountSAS(letters, "sco", "b", time.Hour), byAccountSAS(letters, "sco"))
		all["container SAS "+letters] = show(containerSAS(letters), byContainerSAS(letters))
	}
	for _, types := range []string{"s", "c", "o"} {
		all["account SAS for "+types] = show(accountSAS("rwdlactfxi", types, "b", time.Hour), byAccountSAS("rwdlactfxi", types))
	}
	for level, access := range map[string]objectstore.PublicAccess{"blob": objectstore.BlobAccess, "container": objectstore.ContainerAccess} {
		p := show(func(*testAccount, deed, *http.Request) {}, byPublic(level))
		p.set = func(a *testAccount) {
			if _, err := a.store.SetContainerACL(a.t.Context(), "box", access, nil, objectstore.Conditions{}); err != nil {
				a.t.Fatal(err)
			}
		}
		all["public "+level] = p
	}
	return all
}

// refusals are the codes of who may not.
var refusals = []string{
	"NoAuthenticationInformation", "InvalidAuthenticationInfo", "AuthenticationFailed", "AuthorizationFailure", "AuthorizationPermissionMismatch",
	"AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch", "KeyBasedAuthenticationNotPermitted", "PublicAccessNotPermitted",
}

func TestRightsMatrix(t *testing.T) {
	a := newAccount(t, nil)
	for name, p := range proofs() {
		a.access.change(func(k *storage.Keys) { k.Disabled = false })
		for _, d := range deeds(t) {
			a.prepare()
			if p.set != nil {
				p.set(a)
			}
			a.try(t, fmt.Sprintf("%s %s (%s)", d.name, d.method, name), d, p)
		}
	}
}

// prepare makes what deeds work on.
func (a *testAccount) prepare() {
	a.t.Helper()
	ctx := a.t.Context()
	err := a.store.DeleteContainer(ctx, "box", objectstore.Conditions{})
	if fault.CodeOf(err) == objectstore.LeaseIDMissing {
		_, err = a.store.Lease(ctx, objectstore.Address{Container: "box"}, objectstore.LeaseRequest{Action: objectstore.BreakLease, HasPeriod: true})
		if err == nil {
			err = a.store.DeleteContainer(ctx, "box", objectstore.Conditions{})
		}
	}
	if err != nil && fault.CodeOf(err) != objectstore.ContainerNotFound {
		a.t.Fatal(err)
	}
	if _, err := a.store.CreateContainer(ctx, "box", objectstore.PrivateAccess, nil); err != nil {
		a.t.Fatal(err)
	}
}

func (a *testAccount) try(t *testing.T, what string, d deed, p proof) {
	t.Helper()
	path := "/" + a.name + d.path
	req, err := http.NewRequestWithContext(t.Context(), d.method, a.base+path+"?"+d.query, strings.NewReader(d.body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = path
	for i := 0; i+1 < len(d.header); i += 2 {
		req.Header[d.header[i]] = []string{strings.Replace(d.header[i+1], "SOURCE", a.url()+"/box/source", 1)}
	}
	p.show(a, d, req)
	resp, err := a.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	code, want := resp.Header.Get("x-ms-error-code"), p.want(needs[d.name])
	refused := code != ""
	if refused {
		refused = false
		for _, r := range refusals {
			refused = refused || code == r
		}
	}
	switch {
	case want == "" && refused && d.name != "service.delegationkey":
		t.Errorf("%s: refused with %d %s", what, resp.StatusCode, code)
	case want == "denied" && !refused, want != "" && want != "denied" && code != want:
		t.Errorf("%s: %d %s, want %s", what, resp.StatusCode, code, want)
	case refused && resp.StatusCode == 401 && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer authorization_uri="):
		t.Errorf("%s: no challenge", what)
	}
}

// Every row has a right: none is open to whoever comes.
func TestEveryOperationHasARight(t *testing.T) {
	for _, op := range operations {
		if op.right.Name == "" || op.right.Level == 0 || len(op.right.Actions) == 0 || op.run == nil {
			t.Errorf("%s %d comp=%s: %+v", op.method, op.scope, op.comp, op.right)
		}
		if writes := op.method != get && op.method != head && op.comp != "query" && op.comp != "userdelegationkey"; writes != op.right.Writes {
			t.Errorf("%s: writes: %v", op.right.Name, op.right.Writes)
		}
	}
}
