package cosmos

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// right is what an operation asks of who calls it. The zero value is not one: an
// operation without a right is refused to everybody but the account's own keys,
// and fails the test of the table.
type right uint8

// The rights. Except for the last three each is one data action of Azure
// ("Azure Cosmos DB for NoSQL data plane actions").
const (
	noRight right = iota
	readMetadata
	readItem
	createItem
	replaceItem
	upsertItem
	deleteItem
	executeQuery
	readChangeFeed
	manageConflicts

	perItem     // each operation of the batch has its own
	manageRead  // looks at what Resource Manager manages: no token opens that in the data plane
	manageWrite // changes it
)

const actions = "Microsoft.DocumentDB/databaseAccounts/"

// rights says what each right means to a token, and to a read-only key.
var rights = [...]struct {
	action string // of a token; "" for none
	reads  bool   // a read-only key has it
}{
	noRight:         {"", false},
	readMetadata:    {actions + "readMetadata", true},
	readItem:        {actions + "sqlDatabases/containers/items/read", true},
	createItem:      {actions + "sqlDatabases/containers/items/create", false},
	replaceItem:     {actions + "sqlDatabases/containers/items/replace", false},
	upsertItem:      {actions + "sqlDatabases/containers/items/upsert", false},
	deleteItem:      {actions + "sqlDatabases/containers/items/delete", false},
	executeQuery:    {actions + "sqlDatabases/containers/executeQuery", true},
	readChangeFeed:  {actions + "sqlDatabases/containers/readChangeFeed", true},
	manageConflicts: {actions + "sqlDatabases/containers/manageConflicts", true},
	perItem:         {"", true},
	manageRead:      {"", true},
	manageWrite:     {"", false},
}

// caller is who a request comes from: a key, or the bearer of a token.
type caller struct {
	readOnly bool // the key is one of the read-only pair
	token    bool
	bearer   Bearer // with token
}

// authorize is nil when the caller has the right that the operation asks for.
func (x *exchange) authorize(r right) error {
	switch {
	case !x.who.token && (rights[r].reads || !x.who.readOnly):
		return nil
	case !x.who.token:
		return forbidden(subNone, "Insufficient permissions provided in the authorization header for the corresponding request. "+
			"Please retry with another authorization header. The key is read-only.")
	case r == perItem:
		return nil // executeBatch asks for each
	case rights[r].action == "":
		return forbidden(subNoToken, "Request blocked by Auth %s : The given request [%s %s] cannot be authorized by AAD token in data plane. %s",
			x.svc.account.Name, clip(x.r.Method, 20), clip(x.r.URL.Path, 300), learnMore)
	}
	return x.askRole(rights[r].action)
}

// learnMore ends the service's texts about roles.
const learnMore = "Learn more: https://aka.ms/cosmos-native-rbac."

// askRole is nil when the token's bearer may do the action.
func (x *exchange) askRole(action string) error {
	path := x.rolePath()
	err := x.who.bearer.May(action, path)
	if err == nil || !fault.Is(err, fault.Forbidden) {
		return err
	}
	what, where := "Request", "on resource ["+clip(strings.TrimPrefix(path, "/"), 300)+"]"
	switch path {
	case AnyScope:
		what, where = "Request for Read DatabaseAccount", "on any scope"
	case "":
		where = "on resource [/]"
	}
	return forbidden(subNoRole, "Request blocked by Auth %s : %s is blocked because principal [%s] does not have required RBAC permissions "+
		"to perform action [%s] %s. %s", x.svc.account.Name, what, clip(x.who.bearer.Principal, 100), action, where, learnMore)
}

// rolePath is what role assignments call the request's resource. They know
// names only, so a path of _rids is translated.
func (x *exchange) rolePath() string {
	db, coll := x.addr.db, x.addr.coll
	switch {
	case x.addr.kind == kindAccount:
		return AnyScope
	case db == "":
		return ""
	}
	if found, err := x.svc.store.Database(db); err == nil {
		db = found.ID()
		if c, err := found.Container(coll); err == nil {
			coll = c.ID()
		}
	}
	path := "/dbs/" + segment(db)
	if coll != "" {
		path += "/colls/" + segment(coll)
	}
	return path
}

// segment keeps a name that cannot exist from reading as the path of one that does.
func segment(name string) string { return strings.ReplaceAll(name, "/", "%2F") }

func forbidden(sub int, format string, args ...any) *apiError {
	row := kindTable[fault.Forbidden]
	return &apiError{status: http.StatusForbidden, sub: sub, code: row.code, msg: fmt.Sprintf(format, args...)}
}
