package identity

import (
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// What the names of actions begin with.
const (
	containers  = "Microsoft.Storage/storageAccounts/blobServices/containers"
	blobs       = containers + "/blobs"
	queues      = "Microsoft.Storage/storageAccounts/queueServices/queues"
	messages    = queues + "/messages"
	tables      = "Microsoft.Storage/storageAccounts/tableServices/tables"
	entities    = tables + "/entities"
	delegation  = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
	cosmos      = "Microsoft.DocumentDB/databaseAccounts"
	cosmosItems = cosmos + "/sqlDatabases/containers"
)

// Roles are the built-in definitions: of those that allow the same action, the
// one that allows least stands first. Names, ids and actions are Azure's own
// (learn.microsoft.com, "Azure built-in roles", and "Data plane role-based access
// control" of Cosmos DB).
func Roles() []Role {
	return slices.Concat(eventRoles(), cosmosRoles(), storageRoles(), otherRoles(), generalRoles())
}

func eventRoles() []Role {
	return []Role{
		{
			ID: "a638d3c7-ab3a-418d-83e6-5f17a39d4fde", Name: "Azure Event Hubs Data Receiver",
			Actions: []string{"Microsoft.EventHub/*/eventhubs/consumergroups/read"}, DataActions: []string{"Microsoft.EventHub/*/receive/action"},
		},
		{
			ID: "2b629674-e913-4c01-ae53-ef4638d8f975", Name: "Azure Event Hubs Data Sender",
			Actions: []string{"Microsoft.EventHub/*/eventhubs/read"}, DataActions: []string{"Microsoft.EventHub/*/send/action"},
		},
		{
			ID: "f526a384-b230-433a-b45c-95f59c4a2dec", Name: "Azure Event Hubs Data Owner",
			Actions: []string{"Microsoft.EventHub/*"}, DataActions: []string{"Microsoft.EventHub/*"},
		},
		{
			ID: "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0", Name: "Azure Service Bus Data Receiver",
			Actions: serviceBusReads(), DataActions: []string{"Microsoft.ServiceBus/*/receive/action"},
		},
		{
			ID: "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39", Name: "Azure Service Bus Data Sender",
			Actions: serviceBusReads(), DataActions: []string{"Microsoft.ServiceBus/*/send/action"},
		},
		{
			ID: "090c5cfd-751d-490a-894a-3ce6f1109419", Name: "Azure Service Bus Data Owner",
			Actions: []string{"Microsoft.ServiceBus/*"}, DataActions: []string{"Microsoft.ServiceBus/*"},
		},
	}
}

func serviceBusReads() []string {
	return []string{"Microsoft.ServiceBus/*/queues/read", "Microsoft.ServiceBus/*/topics/read", "Microsoft.ServiceBus/*/topics/subscriptions/read"}
}

func cosmosRoles() []Role {
	return []Role{
		{
			ID: "00000000-0000-0000-0000-000000000001", Name: "Cosmos DB Built-in Data Reader", Cosmos: true,
			DataActions: []string{cosmos + "/readMetadata", cosmosItems + "/items/read", cosmosItems + "/executeQuery", cosmosItems + "/readChangeFeed"},
		},
		{
			ID: "00000000-0000-0000-0000-000000000002", Name: "Cosmos DB Built-in Data Contributor", Cosmos: true,
			DataActions: []string{cosmos + "/readMetadata", cosmosItems + "/*", cosmosItems + "/items/*"},
		},
	}
}

func storageRoles() []Role {
	return []Role{
		{
			ID: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", Name: "Storage Blob Data Reader",
			Actions: []string{containers + "/read", delegation}, DataActions: []string{blobs + "/read"},
		},
		{
			ID: "ba92f5b4-2d11-453d-a403-e96b0029c9fe", Name: "Storage Blob Data Contributor",
			Actions:     []string{containers + "/delete", containers + "/read", containers + "/write", delegation},
			DataActions: []string{blobs + "/delete", blobs + "/read", blobs + "/write", blobs + "/move/action", blobs + "/add/action"},
		},
		{
			ID: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", Name: "Storage Blob Data Owner",
			Actions: []string{containers + "/*", delegation}, DataActions: []string{blobs + "/*"},
		},
		{
			ID: "19e7f393-937e-4f77-808e-94535e297925", Name: "Storage Queue Data Reader",
			Actions: []string{queues + "/read"}, DataActions: []string{messages + "/read"},
		},
		{ID: "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a", Name: "Storage Queue Data Message Sender", DataActions: []string{messages + "/add/action"}},
		{
			ID: "8a0f0c08-91a1-4084-bc3d-661d67233fed", Name: "Storage Queue Data Message Processor",
			DataActions: []string{messages + "/read", messages + "/process/action"},
		},
		{
			ID: "974c5e8b-45b9-4653-ba55-5f855dd0fb88", Name: "Storage Queue Data Contributor",
			Actions:     []string{queues + "/delete", queues + "/read", queues + "/write"},
			DataActions: []string{messages + "/delete", messages + "/read", messages + "/write", messages + "/process/action"},
		},
		{
			ID: "76199698-9eea-4c19-bc75-cec21354c6b6", Name: "Storage Table Data Reader",
			Actions: []string{tables + "/read"}, DataActions: []string{entities + "/read"},
		},
		{
			ID: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", Name: "Storage Table Data Contributor",
			Actions:     []string{tables + "/read", tables + "/write", tables + "/delete"},
			DataActions: []string{entities + "/read", entities + "/write", entities + "/delete", entities + "/add/action", entities + "/update/action"},
		},
		{ID: "17d1049b-9a84-46fb-8f53-869881c3d3ab", Name: "Storage Account Contributor", Actions: []string{"Microsoft.Storage/storageAccounts/*"}},
	}
}

func otherRoles() []Role {
	return []Role{
		{
			ID: "3913510d-42f4-4e42-8a64-420c390055eb", Name: "Monitoring Metrics Publisher",
			Actions:     []string{"Microsoft.Insights/Register/Action"},
			DataActions: []string{"Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"},
		},
		{
			ID: "4633458b-17de-408a-b874-0445c86b69e6", Name: "Key Vault Secrets User",
			DataActions: []string{"Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"},
		},
		{ID: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", Name: "Key Vault Secrets Officer", DataActions: []string{"Microsoft.KeyVault/vaults/secrets/*"}},
		{ID: "00482a5a-887f-4fb3-b363-3b7fe8e74483", Name: "Key Vault Administrator", DataActions: []string{"Microsoft.KeyVault/vaults/*"}},
	}
}

func generalRoles() []Role {
	return []Role{
		{ID: "acdd72a7-3385-48ef-bd42-f606fba81ae7", Name: "Reader", Actions: []string{"*/read"}},
		{
			ID: "f58310d9-a9f6-439a-9e8d-f62e7b41a168", Name: "Role Based Access Control Administrator",
			Actions: []string{"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read"},
		},
		{
			ID: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", Name: "User Access Administrator",
			Actions: []string{"*/read", "Microsoft.Authorization/*"},
		},
		{
			ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor", Actions: []string{"*"},
			NotActions: []string{"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action"},
		},
		{ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner", Actions: []string{"*"}},
	}
}

// projectOwner is what the developer is, everywhere; nobody else can be.
func projectOwner() *Role {
	return &Role{Name: "Project Owner", Actions: []string{"*"}, DataActions: []string{"*"}}
}

// FindRole finds a role by its name or id. The error names the nearest ones.
func FindRole(name string) (Role, error) {
	all := Roles()
	id := name[strings.LastIndexByte(name, '/')+1:] // a role definition's resource id ends in its GUID
	for _, r := range all {
		if strings.EqualFold(r.Name, name) || strings.EqualFold(r.ID, id) {
			return r, nil
		}
	}
	return Role{}, fault.New(fault.NotFound, "role "+quote(name), "there is no such role; the nearest is %s (`lazuli role definitions` lists them all)", quote(nearestRole(name, all)))
}

// smallest is the role to give to who needs an action: the first that allows it.
func smallest(action string) (Role, bool) {
	data := isData(action)
	for _, r := range Roles() {
		if r.allows(action, data) {
			return r, true
		}
	}
	return Role{}, false
}
