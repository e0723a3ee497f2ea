package overview

import "strings"

// What a storage account holds is in the picture where a function is bound to it: an
// account may have thousands of queues and containers that are no part of a pipeline.

// usualStorage is the storage account that is meant where none is named.
const usualStorage = "devstoreaccount1"

// storedKinds are the kinds of nodes by the type of a binding, in lower case.
var storedKinds = map[string]string{"queuetrigger": "queue", "queue": "queue", "blobtrigger": "blobs", "blob": "blobs", "table": "table"}

// stored is the node of a queue, a container of blobs or a table that a binding leads
// to: NAME in the usual account, or ACCOUNT/NAME. It is "" for other bindings.
func (g *graph) stored(binding, target string, all *rows) string {
	kind := storedKinds[strings.ToLower(binding)]
	if kind == "" || target == "" {
		return ""
	}
	account, name, found := strings.Cut(target, "/")
	if !found {
		account, name = "", target
	}
	key := target
	if account == "" {
		key = usualStorage + "/" + name
	}
	id := kind + "/" + key
	if g.nodes[id] != nil {
		return id
	}
	if strings.Contains(target, "{") {
		key = "" // it is another one in each run
	}
	n := g.node(Node{ID: id, Kind: kind, Name: name, Key: key, Account: account, State: "ok"})
	if q, there := all.queues[key]; there {
		n.Lag = int64(q.Messages)
		if n.State = "ok"; q.Dead > 0 {
			n.State = "warn"
		}
		g.backlog += n.Lag
	}
	return id
}
