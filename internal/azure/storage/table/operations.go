package table

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// operation is a row of the table of operations: what it answers to, what it asks
// of who calls it, and what does it.
type operation struct {
	storage.Operation
	method string
	kind   kind
	comp   string // of the query: properties, stats, acl
	// match says which of two rows a PUT or MERGE is: with If-Match or without.
	match condition
	run   func(*exchange) error
	// part, in a batch, makes the change instead of run.
	part func(*exchange) (*change, error)
}

// condition is whether a request has an If-Match.
type condition uint8

const (
	anyCondition condition = iota
	conditional
	unconditional
)

// The data actions of roles.
const (
	action   = "Microsoft.Storage/storageAccounts/tableServices/"
	entities = action + "tables/entities/"
	merge    = "MERGE"
)

// The rights of operations ("Create an account SAS", "Permissions for calling data
// operations"). A SAS of a table opens entities alone.
var (
	readService   = storage.Operation{Permission: "r", Level: storage.ServiceLevel, AccountOnly: true, Actions: []string{action + "read"}}
	writeService  = storage.Operation{Permission: "w", Level: storage.ServiceLevel, AccountOnly: true, Writes: true, Actions: []string{action + "write"}}
	listTables    = storage.Operation{Permission: "l", Level: storage.ContainerLevel, AccountOnly: true, Actions: []string{action + "tables/read"}}
	createTable   = storage.Operation{Permission: "cw", Level: storage.ContainerLevel, AccountOnly: true, Writes: true, Actions: []string{action + "tables/write"}}
	deleteTable   = storage.Operation{Permission: "d", Level: storage.ContainerLevel, AccountOnly: true, Writes: true, Actions: []string{action + "tables/delete"}}
	readPolicies  = storage.Operation{Level: storage.ContainerLevel, AccountOnly: true}
	writePolicies = storage.Operation{Level: storage.ContainerLevel, AccountOnly: true, Writes: true}
	queryEntities = storage.Operation{Permission: "r", Level: storage.ObjectLevel, Actions: []string{entities + "read"}}
	insertEntity  = storage.Operation{Permission: "a", Level: storage.ObjectLevel, Writes: true, Actions: []string{entities + "write", entities + "add/action"}}
	updateEntity  = storage.Operation{Permission: "u", Level: storage.ObjectLevel, Writes: true, Actions: []string{entities + "write", entities + "update/action"}}
	upsertEntity  = storage.Operation{
		Permission: "au", Every: true, Level: storage.ObjectLevel, Writes: true,
		Actions: []string{entities + "write", entities + "add/action and " + entities + "update/action"},
	}
	deleteEntity = storage.Operation{Permission: "d", Level: storage.ObjectLevel, Writes: true, Actions: []string{entities + "delete"}}
	// perPart: a batch as a whole; each part has its own right.
	perPart = storage.Operation{Permission: "raud", Level: storage.ObjectLevel}
)

// operations are all there are. Whatever is not here does not exist.
func operations() []operation {
	named := func(name string, right storage.Operation) storage.Operation {
		right.Name = name
		return right
	}
	return []operation{
		{Operation: named("entity.query", queryEntities), method: http.MethodGet, kind: kindSet, run: (*exchange).queryEntities},
		{Operation: named("entity.get", queryEntities), method: http.MethodGet, kind: kindEntity, run: (*exchange).getEntity},
		{Operation: named("entity.insert", insertEntity), method: http.MethodPost, kind: kindSet, run: (*exchange).writeEntity, part: (*exchange).insert},
		{Operation: named("entity.replace", updateEntity), method: http.MethodPut, kind: kindEntity, match: conditional, run: (*exchange).writeEntity, part: (*exchange).replace},
		{Operation: named("entity.merge", updateEntity), method: merge, kind: kindEntity, match: conditional, run: (*exchange).writeEntity, part: (*exchange).merge},
		{Operation: named("entity.upsert", upsertEntity), method: http.MethodPut, kind: kindEntity, match: unconditional, run: (*exchange).writeEntity, part: (*exchange).replace},
		{Operation: named("entity.upsert_merge", upsertEntity), method: merge, kind: kindEntity, match: unconditional, run: (*exchange).writeEntity, part: (*exchange).merge},
		{Operation: named("entity.delete", deleteEntity), method: http.MethodDelete, kind: kindEntity, run: (*exchange).writeEntity, part: (*exchange).delete},
		{Operation: named("batch", perPart), method: http.MethodPost, kind: kindBatch, run: (*exchange).batch},

		{Operation: named("table.list", listTables), method: http.MethodGet, kind: kindTables, run: (*exchange).queryTables},
		{Operation: named("table.get", listTables), method: http.MethodGet, kind: kindTable, run: (*exchange).getTable},
		{Operation: named("table.create", createTable), method: http.MethodPost, kind: kindTables, run: (*exchange).createTable},
		{Operation: named("table.delete", deleteTable), method: http.MethodDelete, kind: kindTable, run: (*exchange).deleteTable},
		{Operation: named("table.get_acl", readPolicies), method: http.MethodGet, kind: kindSet, comp: "acl", run: (*exchange).getPolicies},
		{Operation: named("table.get_acl", readPolicies), method: http.MethodHead, kind: kindSet, comp: "acl", run: (*exchange).getPolicies},
		{Operation: named("table.set_acl", writePolicies), method: http.MethodPut, kind: kindSet, comp: "acl", run: (*exchange).setPolicies},

		{Operation: named("service.get_properties", readService), method: http.MethodGet, kind: kindService, comp: "properties", run: (*exchange).getProperties},
		{Operation: named("service.set_properties", writeService), method: http.MethodPut, kind: kindService, comp: "properties", run: (*exchange).setProperties},
		{Operation: named("service.get_stats", readService), method: http.MethodGet, kind: kindService, comp: "stats", run: (*exchange).getStats},
	}
}

// find returns the operation for a request.
func (s *Service) find(x *exchange) (*operation, error) {
	method := x.method
	if method == http.MethodPatch {
		method = merge
	}
	match := unconditional
	if x.r.HasHeader("If-Match") {
		match = conditional
	}
	comp, known := x.r.Query.Get("comp"), false
	for i := range s.operations {
		op := &s.operations[i]
		if op.kind != x.addr.kind || op.comp != comp {
			continue
		}
		known = true
		if op.method == method && (op.match == anyCondition || op.match == match) {
			return op, nil
		}
	}
	switch {
	case known:
		return nil, storage.Fail("MethodNotAllowed")
	case comp != "":
		return nil, storage.InvalidQuery("comp", comp, "There is nothing of this name at this address.")
	}
	return nil, storage.Fail("MethodNotAllowed")
}
