package cosmos

import (
	"net/http"
	"strings"
)

// variant tells the operations apart that share a method and a path; headers
// decide (Azure: "Azure Cosmos DB REST API reference").
type variant uint8

const (
	plain variant = iota
	query
	plan
	batch
	upsert
	changes
)

// operation is one row of the table of what is served.
type operation struct {
	name    string // for events and intercept rules
	method  string
	kind    kind
	item    bool // the path names one resource
	variant variant
	right   right // what the caller must have
	run     func(*exchange) error
}

// operations is everything this package serves or knowingly refuses. The most
// frequent come first, because the look-up walks.
//
// What a list of items asks for is the service's own ReadFeed; a patch replaces
// what it reads.
var operations = []operation{
	{"item.read", http.MethodGet, kindItem, true, plain, readItem, (*exchange).readItem},
	{"item.upsert", http.MethodPost, kindItem, false, upsert, upsertItem, (*exchange).upsertItem},
	{"item.create", http.MethodPost, kindItem, false, plain, createItem, (*exchange).createItem},
	{"item.replace", http.MethodPut, kindItem, true, plain, replaceItem, (*exchange).replaceItem},
	{"item.patch", http.MethodPatch, kindItem, true, plain, replaceItem, (*exchange).patchItem},
	{"item.delete", http.MethodDelete, kindItem, true, plain, deleteItem, (*exchange).deleteItem},
	{"item.query", http.MethodPost, kindItem, false, query, executeQuery, (*exchange).queryItems},
	{"item.plan", http.MethodPost, kindItem, false, plan, executeQuery, (*exchange).planQuery},
	{"item.batch", http.MethodPost, kindItem, false, batch, perItem, (*exchange).executeBatch},
	{"item.list", http.MethodGet, kindItem, false, plain, readChangeFeed, (*exchange).listItems},
	{"item.changes", http.MethodGet, kindItem, false, changes, readChangeFeed, (*exchange).listChanges},

	{"account.read", http.MethodGet, kindAccount, false, plain, readMetadata, (*exchange).readAccount},

	{"database.create", http.MethodPost, kindDatabase, false, plain, manageWrite, (*exchange).createDatabase},
	{"database.list", http.MethodGet, kindDatabase, false, plain, readMetadata, (*exchange).listDatabases},
	{"database.query", http.MethodPost, kindDatabase, false, query, readMetadata, (*exchange).queryDatabases},
	{"database.read", http.MethodGet, kindDatabase, true, plain, readMetadata, (*exchange).readDatabase},
	{"database.delete", http.MethodDelete, kindDatabase, true, plain, manageWrite, (*exchange).deleteDatabase},

	{"container.create", http.MethodPost, kindContainer, false, plain, manageWrite, (*exchange).createContainer},
	{"container.list", http.MethodGet, kindContainer, false, plain, readMetadata, (*exchange).listContainers},
	{"container.query", http.MethodPost, kindContainer, false, query, readMetadata, (*exchange).queryContainers},
	{"container.read", http.MethodGet, kindContainer, true, plain, readMetadata, (*exchange).readContainer},
	{"container.replace", http.MethodPut, kindContainer, true, plain, manageWrite, (*exchange).replaceContainer},
	{"container.delete", http.MethodDelete, kindContainer, true, plain, manageWrite, (*exchange).deleteContainer},
	{"partition.delete", http.MethodPost, kindOperation, true, plain, deleteItem, (*exchange).deletePartition},
	{"range.list", http.MethodGet, kindRange, false, plain, readMetadata, (*exchange).listRanges},
	{"range.list", http.MethodGet, kindRange, false, changes, readMetadata, (*exchange).listRanges},

	{"offer.list", http.MethodGet, kindOffer, false, plain, manageRead, (*exchange).listOffers},
	{"offer.query", http.MethodPost, kindOffer, false, query, manageRead, (*exchange).queryOffers},
	{"offer.read", http.MethodGet, kindOffer, true, plain, manageRead, (*exchange).readOffer},
	{"offer.replace", http.MethodPut, kindOffer, true, plain, manageWrite, (*exchange).replaceOffer},
}

// findOperation returns the operation for a request. Whatever is not in the
// table and not in the refusals does not exist on the service either.
func findOperation(r *http.Request, addr *address) (*operation, error) {
	v, err := variantOf(r, addr)
	if err != nil {
		return nil, err
	}
	for i := range operations {
		op := &operations[i]
		if op.kind == addr.kind && op.item == addr.item && op.method == r.Method && op.variant == v {
			return op, nil
		}
	}
	return findRefusal(r.Method, addr, v)
}

// variantOf reads the headers that discriminate.
func variantOf(r *http.Request, addr *address) (variant, error) {
	if addr.item {
		return plain, nil
	}
	switch r.Method {
	case http.MethodGet:
		if _, ok := r.Header[hdrAIM]; ok {
			return changes, nil
		}
	case http.MethodPost:
		for _, d := range [...]struct {
			key string
			v   variant
		}{{hdrPlanRequest, plan}, {hdrIsQuery, query}, {hdrQuery, query}, {hdrBatchRequest, batch}, {hdrIsUpsert, upsert}} {
			on, err := flag(r.Header, d.key)
			if err != nil || on {
				return d.v, err
			}
		}
		if strings.HasPrefix(first(r.Header, hdrContentType), "application/query+json") {
			return query, nil
		}
	}
	return plain, nil
}
