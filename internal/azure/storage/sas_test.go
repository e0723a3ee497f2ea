package storage

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	blobsas "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	queuesas "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/sas"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// sasCase is a token and a request that it opens.
type sasCase struct {
	name    string
	service Service
	query   string
	path    string // below the account
	target  Target
	level   Level
	extra   string            // of the query, beside the token
	header  map[string]string // of the request
}

func (c sasCase) request(query string) *http.Request {
	h := httptest.NewRequest(http.MethodGet, "/"+testAccount+c.path+"?"+query+c.extra, nil)
	h.RemoteAddr, h.Host = "192.0.2.5:4711", "127.0.0.1:10000"
	for name, value := range c.header {
		h.Header.Set(name, value)
	}
	return h
}

func (c sasCase) code(t testing.TB, e *Endpoint, query string, op *Operation) (Grant, string) {
	t.Helper()
	r, err := e.Begin(httptest.NewRecorder(), c.request(query))
	var g Grant
	if err == nil {
		g, err = e.Authorize(r, op, c.target)
	}
	if err == nil {
		return g, ""
	}
	return g, FromFault(err).Code
}

const snapshotText = "2026-11-29T10:00:00.1234567Z"

// sdkCases are tokens that the official packages signed, one of each kind.
func sdkCases(t testing.TB, now time.Time) []sasCase {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	blobKey, err := azblob.NewSharedKeyCredential(testAccount, DevelopmentKey)
	must(err)
	queueKey, err := azqueue.NewSharedKeyCredential(testAccount, DevelopmentKey)
	must(err)
	tableKey, err := aztables.NewSharedKeyCredential(testAccount, DevelopmentKey)
	must(err)
	snapshot, err := time.Parse(iso7, snapshotText)
	must(err)
	start, expiry := now.Add(-time.Hour), now.Add(time.Hour)
	var cases []sasCase
	onBlob := func(name string, target Target, extra string, v blobsas.BlobSignatureValues) {
		v.StartTime, v.ExpiryTime, v.Permissions, v.Protocol = start, expiry, "rw", blobsas.ProtocolHTTPSandHTTP
		v.IPRange = blobsas.IPRange{Start: net.IPv4(192, 0, 2, 1), End: net.IPv4(192, 0, 2, 9)}
		v.CacheControl, v.ContentDisposition, v.ContentType = "no-cache", `attachment; filename="a b+c"`, "text/plain"
		q, err := v.SignWithSharedKey(blobKey)
		must(err)
		cases = append(cases, sasCase{name: name, service: Blob, query: q.Encode(), path: "/box/x", target: target, level: ObjectLevel, extra: extra})
	}
	onBlob("container", Target{Container: "box", Blob: "a/b c"}, "", blobsas.BlobSignatureValues{ContainerName: "box"})
	onBlob("blob", Target{Container: "box", Blob: "a/b c+ü"}, "", blobsas.BlobSignatureValues{ContainerName: "box", BlobName: "a/b c+ü", EncryptionScope: "s"})
	onBlob("snapshot", Target{Container: "box", Blob: "b", Snapshot: snapshotText}, "&snapshot="+snapshotText, blobsas.BlobSignatureValues{ContainerName: "box", BlobName: "b", SnapshotTime: snapshot})
	onBlob("version", Target{Container: "box", Blob: "b", Version: snapshotText}, "&versionid="+snapshotText, blobsas.BlobSignatureValues{ContainerName: "box", BlobName: "b", BlobVersion: snapshotText})
	onBlob("directory", Target{Container: "box", Blob: "a/b/c/d"}, "", blobsas.BlobSignatureValues{ContainerName: "box", Directory: "a/b"})
	account, err := blobsas.AccountSignatureValues{Permissions: "rwl", ResourceTypes: "sco", StartTime: start, ExpiryTime: expiry}.SignWithSharedKey(blobKey)
	must(err)
	cases = append(cases, sasCase{name: "account, blob", service: Blob, query: account.Encode(), level: ServiceLevel, path: "/"})
	queueAccount, err := queuesas.AccountSignatureValues{Permissions: "rwl", ResourceTypes: "sco", ExpiryTime: expiry}.SignWithSharedKey(queueKey)
	must(err)
	cases = append(cases, sasCase{name: "account, queue", service: Queue, query: queueAccount.Encode(), level: ObjectLevel, path: "/jobs/messages", target: Target{Container: "jobs"}})
	tableAccount, err := aztables.AccountSASSignatureValues{Services: "t", Permissions: "rwl", ResourceTypes: "sco", ExpiryTime: expiry}.Sign(tableKey)
	must(err)
	cases = append(cases, sasCase{name: "account, table", service: Table, query: tableAccount.Encode(), level: ContainerLevel, path: "/People", target: Target{Container: "People"}})
	q, err := queuesas.QueueSignatureValues{QueueName: "jobs", Permissions: "raup", StartTime: start, ExpiryTime: expiry, Protocol: queuesas.ProtocolHTTPSandHTTP}.SignWithSharedKey(queueKey)
	must(err)
	cases = append(cases, sasCase{name: "queue", service: Queue, query: q.Encode(), level: ObjectLevel, path: "/jobs/messages", target: Target{Container: "jobs"}})
	table, err := aztables.SASSignatureValues{
		TableName: "People", Permissions: "raud", ExpiryTime: expiry,
		StartPartitionKey: "a", EndPartitionKey: "c", StartRowKey: "m", EndRowKey: "n",
	}.Sign(tableKey)
	must(err)
	cases = append(cases, sasCase{name: "table", service: Table, query: table + "&spk=a&epk=c&srk=m&erk=n", level: ObjectLevel, path: "/People", target: Target{Container: "People"}})
	return append(cases, delegationCases(t, start, expiry)...)
}

// fakeToken is a token credential whose token our access takes.
type fakeToken struct{}

func (fakeToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "good", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func tokenAccess() *fixedAccess {
	a := newAccess()
	bearer := Bearer{Principal: "11111111-1111-1111-1111-111111111111", Tenant: "22222222-2222-2222-2222-222222222222", May: func(string, string) error { return nil }}
	a.verify = func(token string) (Bearer, error) {
		if token != "good" {
			return Bearer{}, fault.New(fault.Unauthorized, "", "it is no token of ours")
		}
		return bearer, nil
	}
	a.delegated = func(principal, tenant string) (Bearer, error) {
		if principal != bearer.Principal || tenant != bearer.Tenant {
			return Bearer{}, fault.New(fault.Unauthorized, "", "no such principal")
		}
		return bearer, nil
	}
	return a
}

// delegationCases gets a user delegation key by the SDK, and signs with it.
func delegationCases(t testing.TB, start, expiry time.Time) []sasCase {
	t.Helper()
	e := newEndpoint(t, Blob, tokenAccess())
	get := Operation{Name: "key", Actions: []string{"generateUserDelegationKey"}, Level: ServiceLevel}
	url := serve(t, e, func(w http.ResponseWriter, r *Request) error {
		g, err := e.Authorize(r, &get, Target{})
		if err != nil {
			return err
		}
		body, err := io.ReadAll(r.HTTP.Body)
		if err != nil {
			return err
		}
		text, err := e.UserDelegationKey(r, g, body)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/xml")
		_, err = w.Write(text)
		return err
	})
	client, err := service.NewClient(url, fakeToken{}, &service.ClientOptions{ClientOptions: policy.ClientOptions{InsecureAllowCredentialWithHTTP: true}})
	if err != nil {
		t.Fatal(err)
	}
	cred, err := client.GetUserDelegationCredential(context.Background(), service.KeyInfo{Start: to.Ptr(start.UTC().Format("2006-01-02T15:04:05Z")), Expiry: to.Ptr(expiry.UTC().Format("2006-01-02T15:04:05Z"))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var cases []sasCase
	for name, v := range map[string]blobsas.BlobSignatureValues{
		"delegated container": {ContainerName: "box"},
		"delegated blob":      {ContainerName: "box", BlobName: "b", CorrelationID: "33333333-3333-3333-3333-333333333333", ContentLanguage: "ko"},
		"delegated with a header and a parameter": {
			ContainerName: "box", BlobName: "b",
			SignedRequestHeaders: map[string]string{"x-ms-custom": "v"}, SignedRequestQueryParameters: map[string]string{"mode": "m"},
		},
	} {
		v.StartTime, v.ExpiryTime, v.Permissions = start, expiry, "rw"
		q, err := v.SignWithUserDelegation(cred)
		if err != nil {
			t.Fatal(err)
		}
		c := sasCase{name: name, service: Blob, query: q.Encode(), path: "/box/b", target: Target{Container: "box", Blob: "b"}, level: ObjectLevel}
		if v.SignedRequestHeaders != nil {
			c.header, c.extra = map[string]string{"X-Ms-Custom": "v"}, "&mode=m"
		}
		cases = append(cases, c)
	}
	return cases
}

// TestSASOfSDKs: what the official packages sign opens; with any field changed it
// does not.
func TestSASOfSDKs(t *testing.T) {
	for _, c := range sdkCases(t, time.Now()) {
		e := newEndpoint(t, c.service, tokenAccess())
		op := Operation{Name: "read", Permission: "r", Level: c.level, Actions: []string{"read"}}
		if g, code := c.code(t, e, c.query, &op); code != "" || !g.SAS || !g.Has('r') || g.Has('y') {
			t.Errorf("%s: %s %+v\n%s", c.name, code, g, c.query)
			continue
		}
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		for field := range values {
			if field == "tn" || field == "sdd" && c.name != "directory" {
				continue // names the table for clients; the target is what counts
			}
			other := url.Values{}
			for k, v := range values {
				other[k] = v
			}
			other.Set(field, tamper(field, values.Get(field)))
			if _, code := c.code(t, e, other.Encode(), &op); !strings.HasPrefix(code, "Auth") && code != "InvalidQueryParameterValue" {
				t.Errorf("%s with another %s (%s): %q", c.name, field, other.Get(field), code)
			}
			if field == "sdd" {
				continue
			}
			other.Del(field)
			if _, code := c.code(t, e, other.Encode(), &op); field != "sig" && code == "" {
				t.Errorf("%s without %s opens", c.name, field)
			}
		}
		tamperTarget(t, c, e, &op)
	}
}

func tamperTarget(t *testing.T, c sasCase, e *Endpoint, op *Operation) {
	t.Helper()
	if c.name == "account, blob" || strings.HasPrefix(c.name, "account") {
		return
	}
	other := c
	other.target.Container += "x"
	if _, code := other.code(t, e, c.query, op); code != "AuthenticationFailed" {
		t.Errorf("%s on another container: %q", c.name, code)
	}
	if c.service != Blob || strings.Contains(c.name, "container") {
		return
	}
	other = c
	other.target.Blob = "z" + other.target.Blob
	if _, code := other.code(t, e, c.query, op); code != "AuthenticationFailed" {
		t.Errorf("%s on another blob: %q", c.name, code)
	}
	if c.target.Snapshot+c.target.Version == "" {
		return
	}
	other = c
	other.target.Snapshot, other.target.Version = "", ""
	if _, code := other.code(t, e, c.query, op); code != "AuthenticationFailed" {
		t.Errorf("%s on the base blob: %q", c.name, code)
	}
}

func tamper(field, value string) string {
	switch field {
	case "st", "skt":
		return "2020-01-01T00:00:00Z"
	case "se", "ske":
		return "2099-01-01T00:00:00Z"
	case "sv", "skv":
		return "2020-04-08"
	case "sig":
		return flip(value)
	case "sr":
		return map[string]string{"c": "b", "b": "c", "bs": "b", "bv": "b", "d": "c"}[value]
	case "sdd":
		return "1"
	case "sp":
		return value + "d"
	}
	return value + "x"
}

// signed makes a token by the documents alone, for what no SDK of Go signs.
func signed(fields []string, query string) string {
	key, err := base64.StdEncoding.DecodeString(DevelopmentKey)
	if err != nil {
		panic(err)
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(strings.Join(fields, "\n")))
	return query + "&sig=" + url.QueryEscape(base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

// TestSASOfOldVersions: what is signed grew with the versions.
func TestSASOfOldVersions(t *testing.T) {
	const se = "2099-01-01T00:00Z"
	blob, queue, table := "/blob/"+testAccount+"/box/b", "/queue/"+testAccount+"/jobs", "/table/"+testAccount+"/people"
	for _, c := range []sasCase{
		{service: Blob, name: "2020-10-02", query: signed([]string{"r", "", se, blob, "", "", "", "2020-10-02", "b", "", "", "", "", "", ""}, "sp=r&se="+se+"&sv=2020-10-02&sr=b")},
		{service: Blob, name: "2018-03-28", query: signed([]string{"r", "", se, blob, "", "", "", "2018-03-28", "", "", "", "", "x/y"}, "sp=r&se="+se+"&sv=2018-03-28&sr=b&rsct=x/y")},
		{service: Blob, name: "2015-02-21", query: signed([]string{"r", "", se, blob, "", "2015-02-21", "", "", "", "", ""}, "sp=r&se="+se+"&sv=2015-02-21&sr=b")},
		{service: Blob, name: "2013-08-15", query: signed([]string{"r", "", se, blob[5:], "", "2013-08-15", "", "", "", "", ""}, "sp=r&se="+se+"&sv=2013-08-15&sr=b")},
		{service: Blob, name: "2012-02-12", query: signed([]string{"r", "", se, blob[5:], "", "2012-02-12"}, "sp=r&se="+se+"&sv=2012-02-12&sr=b")},
		{service: Queue, name: "2014-02-14", query: signed([]string{"r", "", se, queue[6:], "", "2014-02-14"}, "sp=r&se="+se+"&sv=2014-02-14")},
		{service: Table, name: "2017-04-17", query: signed([]string{"r", "", se, table, "", "", "", "2017-04-17", "", "", "", ""}, "sp=r&se="+se+"&sv=2017-04-17&tn=people")},
		{service: Queue, name: "date only", query: signed([]string{"r", "2020-01-01", "2099-01-01", queue, "", "", "", "2020-10-02"}, "sp=r&st=2020-01-01&se=2099-01-01&sv=2020-10-02")},
		{service: Queue, name: "fraction", query: signed([]string{"r", "", "2099-01-01T00:00:00.0000000Z", queue, "", "", "", "2020-10-02"}, "sp=r&se=2099-01-01T00:00:00.0000000Z&sv=2020-10-02")},
	} {
		c.path, c.target = "/x", Target{Container: map[Service]string{Blob: "box", Queue: "jobs", Table: "People"}[c.service]}
		if c.service == Blob {
			c.target.Blob = "b"
		}
		e := newEndpoint(t, c.service, newAccess())
		op := Operation{Name: "read", Permission: "r", Level: ObjectLevel}
		if _, code := c.code(t, e, c.query, &op); code != "" {
			t.Errorf("%v %s: %s", c.service, c.name, code)
		}
	}
}

// TestSASRefusals: the code of each thing that can be wrong.
func TestSASRefusals(t *testing.T) {
	const se, sv = "2099-01-01", "2020-10-02"
	canonical := "/queue/" + testAccount + "/jobs"
	service := func(sp, st, se, si, sip, spr string) string {
		q := "sv=" + sv
		for k, v := range map[string]string{"sp": sp, "st": st, "se": se, "si": si, "sip": sip, "spr": spr} {
			if v != "" {
				q += "&" + k + "=" + v
			}
		}
		return signed([]string{sp, st, se, canonical, si, sip, spr, sv}, q)
	}
	account := func(sp, ss, srt string) string {
		return signed([]string{testAccount, sp, ss, srt, "", se, "", "", sv, ""}, "sp="+sp+"&ss="+ss+"&srt="+srt+"&se="+se+"&sv="+sv)
	}
	read := Operation{Name: "read", Permission: "r", Level: ObjectLevel}
	upsert := Operation{Name: "upsert", Permission: "au", Every: true, Level: ObjectLevel}
	clear := Operation{Name: "clear", Permission: "p", AccountPermission: "d", Level: ObjectLevel}
	create := Operation{Name: "create", Permission: "cw", Level: ContainerLevel, AccountOnly: true}
	for _, c := range []struct {
		name, query string
		op          *Operation
		want        string
	}{
		{"good", service("r", "", se, "", "", ""), &read, ""},
		{"the address", service("r", "", se, "", "192.0.2.5", ""), &read, ""},
		{"another address", service("r", "", se, "", "192.0.2.6", ""), &read, "AuthorizationSourceIPMismatch"},
		{"another range", service("r", "", se, "", "192.0.2.6-192.0.2.9", ""), &read, "AuthorizationSourceIPMismatch"},
		{"no address", service("r", "", se, "", "anywhere", ""), &read, "AuthenticationFailed"},
		{"https only", service("r", "", se, "", "", "https"), &read, "AuthorizationProtocolMismatch"},
		{"both protocols", service("r", "", se, "", "", "https,http"), &read, ""},
		{"another protocol", service("r", "", se, "", "", "ftp"), &read, "AuthenticationFailed"},
		{"expired", service("r", "", "2020-01-01", "", "", ""), &read, "AuthenticationFailed"},
		{"not yet", service("r", "2098-01-01", se, "", "", ""), &read, "AuthenticationFailed"},
		{"no expiry", service("r", "", "", "", "", ""), &read, "AuthenticationFailed"},
		{"no permissions", service("", "", se, "", "", ""), &read, "AuthenticationFailed"},
		{"another permission", service("aup", "", se, "", "", ""), &read, "AuthorizationPermissionMismatch"},
		{"one of two", service("a", "", se, "", "", ""), &upsert, "AuthorizationPermissionMismatch"},
		{"both of two", service("au", "", se, "", "", ""), &upsert, ""},
		{"container-level", service("rcw", "", se, "", "", ""), &create, "AuthorizationFailure"},
		{"unknown policy", service("", "", "", "nobody", "", ""), &read, "AuthenticationFailed"},
		{"policy", service("", "", "", "reader", "", ""), &read, ""},
		{"policy that leaves expiry open", service("", "", se, "open", "", ""), &read, ""},
		{"neither says the expiry", service("", "", "", "open", "", ""), &read, "AuthenticationFailed"},
		{"both say it", service("r", "", "", "reader", "", ""), &read, "InvalidQueryParameterValue"},
		{"expired policy", service("r", "", "", "old", "", ""), &read, "AuthenticationFailed"},
		{"account", account("r", "bqtf", "sco"), &read, ""},
		{"account, other service", account("r", "b", "sco"), &read, "AuthorizationServiceMismatch"},
		{"account, other type", account("r", "q", "sc"), &read, "AuthorizationResourceTypeMismatch"},
		{"account, other permission", account("l", "q", "o"), &read, "AuthorizationPermissionMismatch"},
		{"account, container-level", account("c", "q", "c"), &create, ""},
		{"account, where letters differ", account("d", "q", "o"), &clear, ""},
		{"service, where letters differ", service("p", "", se, "", "", ""), &clear, ""},
		{"account, letter of the service", account("p", "q", "o"), &clear, "AuthorizationPermissionMismatch"},
		{"old version", strings.Replace(account("r", "q", "o"), sv, "2011-08-18", 1), &read, "AuthenticationFailed"},
		{"no version", "sig=x&sp=r", &read, "AuthenticationFailed"},
		{"short signature", "sig=x&sp=r&sv=" + sv, &read, "AuthenticationFailed"},
	} {
		e := newEndpoint(t, Queue, newAccess())
		e.policies = func(context.Context, string) ([]byte, error) {
			return PoliciesXML([]Policy{{ID: "reader", Expiry: "2099-01-01", Permission: "r"}, {ID: "open", Permission: "r"}, {ID: "old", Expiry: "2020-01-01"}}), nil
		}
		s := sasCase{path: "/jobs/messages", target: Target{Container: "jobs"}}
		if _, got := s.code(t, e, c.query, c.op); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestKeysDisabled: without shared keys neither they nor what they signed opens; a
// user delegation SAS does.
func TestKeysDisabled(t *testing.T) {
	op := Operation{Name: "read", Permission: "r", Level: ObjectLevel, Actions: []string{"read"}}
	for _, c := range sdkCases(t, time.Now()) {
		access := tokenAccess()
		access.keys.Disabled = true
		op.Level = c.level
		_, code := c.code(t, newEndpoint(t, c.service, access), c.query, &op)
		want := "KeyBasedAuthenticationNotPermitted"
		if strings.HasPrefix(c.name, "delegated") {
			want = ""
		}
		if code != want {
			t.Errorf("%s: %q, want %q", c.name, code, want)
		}
	}
	access := newAccess()
	access.keys.Disabled = true
	for _, h := range queueRequests(t, DevelopmentKey) {
		if code := authorizeCode(newEndpoint(t, Queue, access), h); code != "KeyBasedAuthenticationNotPermitted" {
			t.Errorf("%s", code)
		}
	}
}

// TestDelegationFollowsThePrincipal: a user delegation SAS opens what its principal
// may, as it is now, and nothing when the secret is another.
func TestDelegationFollowsThePrincipal(t *testing.T) {
	c := delegationCases(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))[0]
	op := Operation{Name: "read", Permission: "r", Level: ObjectLevel, Actions: []string{"read"}}
	access := tokenAccess()
	e := newEndpoint(t, Blob, access)
	asked := ""
	role := error(fault.New(fault.Forbidden, "", "no role"))
	access.delegated = func(principal, tenant string) (Bearer, error) {
		return Bearer{Principal: principal, Tenant: tenant, May: func(action, path string) error {
			asked = action + " " + path
			return role
		}}, nil
	}
	if _, code := c.code(t, e, c.query, &op); code != "AuthorizationPermissionMismatch" || asked != "read /blobServices/default/containers/box" {
		t.Errorf("without the role: %q, asked %q", code, asked)
	}
	role = nil
	if _, code := c.code(t, e, c.query, &op); code != "" {
		t.Errorf("with the role: %q", code)
	}
	role = errors.New("nobody knows")
	if _, code := c.code(t, e, c.query, &op); code != "InternalError" {
		t.Errorf("when nobody knows: %q", code)
	}
	access.keys.Delegation = "b3RoZXI="
	if _, code := c.code(t, e, c.query, &op); code != "AuthenticationFailed" {
		t.Errorf("with another secret: %q", code)
	}
}

// TestPermissionMatrix: of all letters exactly the operation's own open it.
func TestPermissionMatrix(t *testing.T) {
	const letters, sv, se = "rwdxylacuptfmeoi", "2020-10-02", "2099-01-01"
	for _, wanted := range []string{"", "r", "wc", "dw", "aw", "l", "p", "au"} {
		for _, every := range []bool{false, true} {
			op := Operation{Name: "op", Permission: wanted, Every: every, Level: ObjectLevel}
			e := newEndpoint(t, Queue, newAccess())
			for _, letter := range letters {
				sp := string(letter)
				q := signed([]string{testAccount, sp, "q", "o", "", se, "", "", sv, ""}, "sp="+sp+"&ss=q&srt=o&se="+se+"&sv="+sv)
				open := strings.Contains(wanted, sp) && (!every || len(wanted) == 1)
				c := sasCase{path: "/jobs/messages", target: Target{Container: "jobs"}}
				if _, code := c.code(t, e, q, &op); (code == "") != open {
					t.Errorf("sp=%s for %q (every: %v): %q", sp, wanted, every, code)
				}
			}
		}
	}
}

func TestKeyRange(t *testing.T) {
	s := func(v string) *string { return &v }
	k := KeyRange{s("b"), s("5"), s("d"), s("7")}
	for _, c := range []struct {
		p, r string
		want bool
	}{{"a", "9", false}, {"b", "4", false}, {"b", "5", true}, {"c", "", true}, {"d", "7", true}, {"d", "8", false}, {"e", "", false}} {
		if k.Contains(c.p, c.r) != c.want {
			t.Errorf("%s %s", c.p, c.r)
		}
	}
	if !(KeyRange{}).Contains("x", "y") || !(KeyRange{}).Open() || k.Open() {
		t.Error("the open range")
	}
}
