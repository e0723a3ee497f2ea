package cosmos

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The rights matrix: everything that the operation table and the refusals serve,
// by everything that a client can show. What must come of it is worked out from
// the data actions of Azure's built-in roles; the code's own column of rights is
// not looked at.

const databaseAccounts = "Microsoft.DocumentDB/databaseAccounts/"

// The roles ("Azure Cosmos DB for NoSQL built-in data plane roles"), and one that
// holds all data actions.
var roleActions = map[string][]string{
	"nobody": nil,
	"reader": {
		databaseAccounts + "readMetadata",
		databaseAccounts + "sqlDatabases/containers/items/read",
		databaseAccounts + "sqlDatabases/containers/executeQuery",
		databaseAccounts + "sqlDatabases/containers/readChangeFeed",
	},
	"writer": {
		databaseAccounts + "readMetadata",
		databaseAccounts + "sqlDatabases/containers/items/create",
		databaseAccounts + "sqlDatabases/containers/items/upsert",
		databaseAccounts + "sqlDatabases/containers/items/replace",
		databaseAccounts + "sqlDatabases/containers/items/delete",
	},
	"contributor": {
		databaseAccounts + "readMetadata",
		databaseAccounts + "sqlDatabases/containers/*",
		databaseAccounts + "sqlDatabases/containers/items/*",
	},
	"owner": {databaseAccounts + "*"},
}

func holds(role, action string) bool {
	for _, held := range roleActions[role] {
		if prefix, wild := strings.CutSuffix(held, "*"); held == action || wild && strings.HasPrefix(action, prefix) {
			return true
		}
	}
	return false
}

// management marks what no token does in the data plane.
const management = "management"

// asks is what each operation asks of a token, each of the actions: the service's
// documented permission model. An operation that is not here fails the test.
var asks = map[string][]string{
	"item.read":        {"sqlDatabases/containers/items/read"},
	"item.upsert":      {"sqlDatabases/containers/items/upsert"},
	"item.create":      {"sqlDatabases/containers/items/create"},
	"item.replace":     {"sqlDatabases/containers/items/replace"},
	"item.patch":       {"sqlDatabases/containers/items/replace"},
	"item.delete":      {"sqlDatabases/containers/items/delete"},
	"item.query":       {"sqlDatabases/containers/executeQuery"},
	"item.plan":        {"sqlDatabases/containers/executeQuery"},
	"item.list":        {"sqlDatabases/containers/readChangeFeed"},
	"item.changes":     {"sqlDatabases/containers/readChangeFeed"},
	"item.batch":       {"sqlDatabases/containers/items/create", "sqlDatabases/containers/items/read"}, // of what the test sends
	"partition.delete": {"sqlDatabases/containers/items/delete"},

	"account.read":      {"readMetadata"},
	"database.list":     {"readMetadata"},
	"database.query":    {"readMetadata"},
	"database.read":     {"readMetadata"},
	"container.list":    {"readMetadata"},
	"container.query":   {"readMetadata"},
	"container.read":    {"readMetadata"},
	"range.list":        {"readMetadata"},
	"database.create":   {management},
	"database.delete":   {management},
	"container.create":  {management},
	"container.replace": {management},
	"container.delete":  {management},
	"offer.list":        {management},
	"offer.query":       {management},
	"offer.read":        {management},
	"offer.replace":     {management},

	"sprocs.list":               {management},
	"triggers.list":             {management},
	"udfs.list":                 {management},
	"users.list":                {management},
	"permissions.list":          {management},
	"clientencryptionkeys.list": {"readMetadata"},
	"conflicts.list":            {"sqlDatabases/containers/manageConflicts"},
}

// deed is an operation as a client sends it.
type deed struct {
	op     operation
	path   string
	body   string
	header headers
	offer  bool // the path ends in the _rid of an offer
}

// reads reports whether the deed leaves the account as it is, which is all that a
// read-only key may: by what is sent, not by the table.
func (d deed) reads() bool {
	return d.op.method == http.MethodGet || d.op.variant == query || d.op.variant == plan
}

// deeds are the operations of the table and the lists of what is refused.
func deeds(t *testing.T) []deed {
	t.Helper()
	paths := map[kind]string{
		kindAccount: "/", kindDatabase: "/dbs", kindContainer: "/dbs/d/colls", kindItem: "/dbs/d/colls/c/docs",
		kindRange: "/dbs/d/colls/c/pkranges", kindOffer: "/offers", kindOperation: "/dbs/d/colls/c/operations",
	}
	ids := map[kind]string{kindDatabase: "d", kindContainer: "c", kindItem: "i", kindOperation: "partitionkeydelete", kindOffer: "RID"}
	bodies := map[string]string{
		"item.upsert": `{"id":"i","pk":"p"}`, "item.create": `{"id":"new","pk":"p"}`, "item.replace": `{"id":"i","pk":"p","n":2}`,
		"item.patch":        `{"operations":[{"op":"set","path":"/n","value":3}]}`,
		"item.batch":        `[{"operationType":"Create","resourceBody":{"id":"new","pk":"p"}},{"operationType":"Read","id":"i"}]`,
		"database.create":   `{"id":"another"}`,
		"container.create":  `{"id":"another",` + keyPK + `}`,
		"container.replace": `{"id":"c",` + keyPK + `,"defaultTtl":-1}`,
		"offer.replace":     `{"content":{"offerThroughput":500},"offerVersion":"V2"}`,
	}
	all := append([]operation{}, operations...)
	for _, f := range refusals {
		if f.feed != "" {
			all = append(all, operation{name: kindNames[f.kind] + ".list", method: http.MethodGet, kind: f.kind})
		}
	}
	var out []deed
	for _, op := range all {
		d := deed{op: op, path: paths[op.kind], body: bodies[op.name]}
		switch op.kind {
		case kindUser, kindEncryptionKey:
			d.path = "/dbs/d/" + kindNames[op.kind]
		case kindPermission:
			d.path = "/dbs/d/users/u/permissions"
		case kindSproc, kindTrigger, kindUDF, kindConflict:
			d.path = "/dbs/d/colls/c/" + kindNames[op.kind]
		}
		if d.path == "" || asks[op.name] == nil {
			t.Fatalf("the matrix does not know the operation %s: what does it ask of a token?", op.name)
		}
		if op.item {
			d.path = strings.TrimSuffix(d.path, "/") + "/" + ids[op.kind]
			d.offer = op.kind == kindOffer
		}
		if op.kind == kindItem && op.variant != query && op.variant != changes && op.name != "item.list" || op.kind == kindOperation {
			d.header = pk("p")
		}
		switch op.variant {
		case query, plan:
			d.body = `{"query":"SELECT * FROM c"}`
			d.header = d.header.and("Content-Type", "application/query+json", "x-ms-documentdb-isquery", "True")
			if op.variant == plan {
				d.header = pk("p").and("Content-Type", "application/query+json", "x-ms-cosmos-is-query-plan-request", "True")
			} else if op.kind == kindItem {
				d.header = d.header.and("x-ms-documentdb-query-enablecrosspartition", "True")
			}
		case batch:
			d.header = d.header.and("x-ms-cosmos-is-batch-request", "True", "x-ms-cosmos-batch-atomic", "True")
		case upsert:
			d.header = d.header.and("x-ms-documentdb-is-upsert", "True")
		case changes:
			d.header = d.header.and("A-IM", "Incremental feed")
		}
		out = append(out, d)
	}
	return out
}

// proof is what a client shows: how to sign a request, and what the answer must be
// to a deed: 0 for success.
type proof struct {
	sign func(d deed, link, date string) string
	want func(d deed) (status, sub int)
}

func byKey(key string) func(d deed, link, date string) string {
	return func(d deed, link, date string) string {
		resourceType := kindNames[d.op.kind]
		if d.op.kind == kindOperation {
			resourceType = "colls"
		}
		return signature(key, d.op.method, resourceType, link, date)
	}
}

func byToken(token string) func(deed, string, string) string {
	return func(deed, string, string) string { return "type%3Daad%26ver%3D1.0%26sig%3D" + token }
}

func always(status, sub int) func(deed) (int, int) {
	return func(deed) (int, int) { return status, sub }
}

func readsOnly(d deed) (int, int) {
	if d.reads() {
		return 0, 0
	}
	return 403, 0
}

// byRole is what must come of a deed with a role.
func byRole(role string) func(d deed) (int, int) {
	return func(d deed) (int, int) {
		for _, action := range asks[d.op.name] {
			switch {
			case action == management:
				return 403, 5300
			case !holds(role, databaseAccounts+action):
				return 403, 5301
			}
		}
		return 0, 0
	}
}

// testKeyOf is an account key that differs by what it is for.
func testKeyOf(what string) string {
	return base64.StdEncoding.EncodeToString([]byte("the " + what + " key of the account that the matrix opens"))
}

// emulatorToken is a token as the vendor's emulator takes them.
func emulatorToken(key string) string {
	enc := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"nbf":%d,"exp":%d}`, time.Now().Unix(), time.Now().Add(time.Hour).Unix())
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte(key))
}

func proofs() map[string]proof {
	all := map[string]proof{
		"no token":             {func(deed, string, string) string { return "" }, always(401, 0)},
		"empty token":          {byToken(""), always(401, 0)},
		"oversized token":      {byToken(strings.Repeat("x", maxAuthorization)), always(401, 0)},
		"unknown type":         {func(deed, string, string) string { return "type=saml&ver=1.0&sig=owner" }, always(401, 0)},
		"wrong audience":       {byToken("a.b.audience"), always(401, 0)},
		"expired":              {byToken("a.b.expired"), always(401, 0)},
		"expired meanwhile":    {byToken("a.b.meanwhile"), always(401, 0)},
		"foreign signature":    {byToken("a.b.foreign"), always(401, 0)},
		"no JWT":               {byToken("owner"), always(401, 0)},
		"key":                  {byKey(testKey), always(0, 0)},
		"secondary key":        {byKey(testKeyOf("secondary")), always(0, 0)},
		"wrong key":            {byKey(testKeyOf("guessed")), always(401, 0)},
		"read-only key":        {byKey(testKeyOf("read-only")), readsOnly},
		"second read-only key": {byKey(testKeyOf("second read-only")), readsOnly},
		"emulator's token":     {byToken(emulatorToken(testKey)), always(0, 0)},
		"emulator's read-only": {byToken(emulatorToken(testKeyOf("read-only"))), readsOnly},
		"emulator's, wrong":    {byToken(emulatorToken(testKeyOf("guessed"))), always(401, 0)},
	}
	for role := range roleActions {
		all["role "+role] = proof{byToken("a.b." + role), byRole(role)}
	}
	return all
}

// verifyRoles is an Access's Verify for tokens that end in the name of a role.
func verifyRoles(token string) (Bearer, error) {
	role := strings.TrimPrefix(token, "a.b.")
	if role == "meanwhile" {
		return Bearer{Expires: time.Now().Add(-time.Second), May: func(string, string) error { return nil }}, nil
	}
	if _, known := roleActions[role]; !known {
		return Bearer{}, fault.New(fault.Unauthorized, "", "The token is refused.")
	}
	return Bearer{Principal: "id of " + role, Expires: time.Now().Add(time.Hour), May: func(action, path string) error {
		if holds(role, action) {
			return nil
		}
		return fault.New(fault.Forbidden, "", "no")
	}}, nil
}

func TestRightsMatrix(t *testing.T) {
	keys := Keys{Primary: testKey, Secondary: testKeyOf("secondary"), PrimaryReadOnly: testKeyOf("read-only"), SecondaryReadOnly: testKeyOf("second read-only")}
	access := &fakeAccess{keys: keys, verify: verifyRoles}
	a := newAccount(t, func(c *Config) { c.Access = access })
	for name, p := range proofs() {
		for _, d := range deeds(t) {
			for _, disabled := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d/%s/disabled=%v", d.op.name, d.op.variant, name, disabled), func(t *testing.T) {
					access.change(func(f *fakeAccess) { f.keys = keys })
					d := a.prepare(d)
					access.change(func(f *fakeAccess) { f.keys.Disabled = disabled })
					status, sub := p.want(d)
					if disabled && (strings.Contains(name, "key") || strings.HasPrefix(name, "emulator's") && name != "emulator's, wrong") {
						status, sub = 401, 5202
					}
					a.try(t, d, p, status, sub)
				})
			}
		}
	}
}

// prepare makes what deeds work on as it was in the beginning.
func (a *testAccount) prepare(d deed) deed {
	a.t.Helper()
	for _, path := range []string{"/dbs/another", "/dbs/d"} {
		if r := a.call("DELETE", path, "", nil); r.status != 204 && r.status != 404 {
			a.t.Fatalf("%d %s", r.status, r.body)
		}
	}
	a.must(201, "POST", "/dbs", `{"id":"d"}`, nil)
	a.must(201, "POST", "/dbs/d/colls", `{"id":"c",`+keyPK+`}`, nil)
	a.must(201, "POST", "/dbs/d/colls/c/docs", `{"id":"i","pk":"p"}`, pk("p"))
	if d.offer {
		offers := a.must(200, "GET", "/offers", "", nil).json(a.t)["Offers"].([]any)
		d.path = "/offers/" + offers[0].(map[string]any)["_rid"].(string)
		if d.body != "" {
			o := offers[0].(map[string]any)
			d.body = fmt.Sprintf(`{"id":%q,"_rid":%q,"resource":%q,"offerResourceId":%q,"offerVersion":"V2","content":{"offerThroughput":500}}`,
				o["id"], o["_rid"], o["resource"], o["offerResourceId"])
		}
	}
	return d
}

// try does the deed and looks at what comes of it.
func (a *testAccount) try(t *testing.T, d deed, p proof, status, sub int) {
	t.Helper()
	addr, err := parsePath(d.path)
	if err != nil {
		t.Fatal(err)
	}
	link := addr.link
	if d.offer {
		link = strings.ToLower(addr.id)
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	r := a.send(d.op.method, d.path, d.body, d.header.and("x-ms-date", date, "Authorization", p.sign(d, link, date)))
	got := fmt.Sprintf("%s %s: %d/%s %s", d.op.method, d.path, r.status, r.sub(), r.body)
	if status == 0 {
		if r.status >= 300 {
			t.Error(got)
		}
		return
	}
	wantSub := fmt.Sprint(sub)
	if sub == 0 {
		wantSub = ""
	}
	if r.status != status || r.sub() != wantSub {
		t.Errorf("%s\nwant %d/%s", got, status, wantSub)
		return
	}
	text := map[int]string{
		0:    "",
		5202: "Local Authorization is disabled. Use an AAD token to authorize all requests.",
		5300: fmt.Sprintf("Request blocked by Auth default : The given request [%s %s] cannot be authorized by AAD token in data plane. Learn more: https://aka.ms/cosmos-native-rbac.", d.op.method, d.path),
		5301: " is blocked because principal [id of ",
	}[sub]
	if message, _ := r.json(t)["message"].(string); !strings.Contains(message, text) {
		t.Errorf("%s\nwant %s", got, text)
	}
}
