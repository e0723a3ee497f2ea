package resource

import (
	"fmt"
	"strings"
)

// Account is a handle of a thing with a host name of its own: an Event Hubs
// namespace, a Cosmos DB account, a function app. A connection holds the
// account that it reached, and engines give what is in it for the handle.
//
// ID is never used again, in the life of a data folder, so that an account made
// anew under an old name never shows old data.
type Account struct {
	ID   uint64 `json:"id"`
	Type string `json:"type"` // as Azure writes it: Microsoft.EventHub/namespaces
	Name string `json:"name"` // compared without case
}

// String names the account for messages.
func (a Account) String() string { return fmt.Sprintf("%s %s", a.Type, a.Name) }

// The types of accounts.
const (
	Namespaces     = "Microsoft.EventHub/namespaces"
	CosmosAccounts = "Microsoft.DocumentDB/databaseAccounts"
	Sites          = "Microsoft.Web/sites"

	StorageAccounts = "Microsoft.Storage/storageAccounts"
	Gateways        = "Microsoft.ApiManagement/service"
	Components      = "Microsoft.Insights/components"
)

// Default is the name of the account of each type that `localhost` and plain
// addresses mean. Clients of storage name theirs even there.
const (
	Default        = "default"
	DefaultStorage = "devstoreaccount1"
)

// The types of what is in an account; the name of one is its path below the
// account: HUB, HUB/GROUP, DATABASE, DATABASE/CONTAINER, CONTAINER, QUEUE, TABLE.
const (
	Hubs           = Namespaces + "/eventhubs"
	ConsumerGroups = Hubs + "/consumergroups"
	Databases      = CosmosAccounts + "/sqlDatabases"
	Containers     = Databases + "/containers"

	BlobContainers = StorageAccounts + "/blobServices/containers"
	Queues         = StorageAccounts + "/queueServices/queues"
	Tables         = StorageAccounts + "/tableServices/tables"
)

// ID names something in an account.
type ID struct {
	Account Account
	Type    string
	Name    string
}

// String names the resource for messages.
func (id ID) String() string { return id.Type + " " + id.Name }

// outer is what the resource is in, other than the account itself.
func (id ID) outer() (ID, bool) {
	name := strings.LastIndexByte(id.Name, '/')
	if name < 0 {
		return ID{}, false
	}
	return ID{id.Account, id.Type[:strings.LastIndexByte(id.Type, '/')], id.Name[:name]}, true
}

// key tells resources apart, without case: a change of one that differs only in
// case is told to both, which costs a look.
func (id ID) key() string {
	return fmt.Sprintf("%d/%s/%s", id.Account.ID, id.Type, strings.ToLower(id.Name))
}
