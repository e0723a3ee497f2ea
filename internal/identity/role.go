package identity

import (
	"slices"
	"strings"
)

// Role is a built-in role definition. Patterns of actions are compared without
// case; a * in them spans segments.
type Role struct {
	ID   string // GUID, Azure's own
	Name string // "Azure Event Hubs Data Receiver"

	Actions     []string
	NotActions  []string // taken from Actions, and from nothing else
	DataActions []string

	// Cosmos says that it is a role of Cosmos DB's own data plane: it is assigned
	// at an account, a database or a container, and holds data actions alone.
	Cosmos bool
}

// allows reports whether the role alone would let an action pass. Owner's *
// reaches no data: an action is one of data or one of management.
func (r *Role) allows(action string, data bool) bool {
	if data {
		return anyMatch(r.DataActions, action)
	}
	return anyMatch(r.Actions, action) && !anyMatch(r.NotActions, action)
}

// matters reports whether the role allows anything on accounts of a type, by the
// provider whose name its actions begin with.
func (r *Role) matters(typ string) bool {
	provider, _, _ := strings.Cut(typ, "/")
	for _, action := range slices.Concat(r.Actions, r.DataActions) {
		if of, _, _ := strings.Cut(action, "/"); of == "*" || strings.EqualFold(of, provider) {
			return true
		}
	}
	return false
}

// Here reports whether the role allows anything on a service that Lazuli has.
func (r *Role) Here() bool { return len(r.scopes()) > 0 }

// scopes are the short scopes at which the role allows something.
func (r *Role) scopes() (all []string) {
	for _, k := range kindsOfScope() {
		if r.matters(k.typ) {
			all = append(all, k.short+"/NAME")
		}
	}
	return all
}

func anyMatch(patterns []string, action string) bool {
	for _, p := range patterns {
		if match(p, action) {
			return true
		}
	}
	return false
}

// match compares an action with a pattern. It walks both once and, at a
// mismatch, lets the last * take one more byte.
func match(pattern, action string) bool {
	p, a := 0, 0
	star, mark := -1, 0
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, a
			p++
		case p < len(pattern) && lower(pattern[p]) == lower(action[a]):
			p++
			a++
		case star >= 0:
			mark++
			p, a = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// dataActions are the actions of data planes; everything else is management.
// Azure's services know which of the two they ask for; here the name says it.
var dataActions = []string{
	"Microsoft.EventHub/namespaces/messages/*", "Microsoft.EventHub/namespaces/schemas/*",
	"Microsoft.ServiceBus/namespaces/messages/*",
	blobs + "/*", messages + "/*", entities + "/*",
	cosmos + "/readMetadata", cosmosItems + "/executeQuery", cosmosItems + "/readChangeFeed",
	cosmosItems + "/executeStoredProcedure", cosmosItems + "/manageConflicts", cosmosItems + "/items/*",
	"Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write",
	"Microsoft.KeyVault/vaults/secrets/*", "Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/certificates/*",
}

func isData(action string) bool { return anyMatch(dataActions, action) }
