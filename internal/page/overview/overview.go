// Package overview is the portal's picture of the whole pipeline: what there is
// as nodes, what flows between as edges with rates.
//
// The one idea: it knows no engine. It reads the rows of the other pages, joins
// them by what they say of each other, and folds until a person can take it in:
// idle hubs become one node, functions their app, containers their database,
// equal neighbours ×n, the smallest "others". What fails is shown, not folded. A
// group opens in place: the topic's id names those that are open.
package overview

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of a picture.
const (
	small   = 24 // up to so many nodes nothing is folded
	most    = 60 // nodes of a picture
	members = 24 // that an open group shows; the rest stays in it
	maxOpen = 32 // groups at a time
)

// Pages returns the topic "pipeline:GROUPS", whose id is the open groups with
// "|" between, or "-". pages are those whose things the picture shows; empty are the
// namespaces without hubs in which one comes to be on first use.
func Pages(pages []portal.Page, empty func() []string) []portal.Page {
	return []portal.Page{{
		Item: "pipeline",
		Detail: func(id string, r *portal.Rates) (any, error) {
			open := map[string]bool{}
			for group := range strings.SplitSeq(id, "|") {
				if group != "" && len(open) < maxOpen {
					open[group] = true
				}
			}
			g := collect(pages, r)
			g.namespaces(empty())
			g.fold(open)
			return g.picture(), nil
		},
	}}
}

// Picture is the topic "pipeline:GROUPS".
type Picture struct {
	Nodes   []Node  `json:"nodes"` // in the order of their ids
	Edges   []Edge  `json:"edges"`
	Things  int     `json:"things"`  // that there are, before folding
	Backlog int64   `json:"backlog"` // events that wait in hubs for a function or a job
	Late    bool    `json:"late"`    // that is worth a warning
	Out     float64 `json:"out"`     // documents and events that functions and jobs write per second
}

// Node is a thing, or a group of things.
type Node struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind"`              // hub, namespace, function, container, queue, blobs, table, job, source; of a group app, database, idle, set, more
	Of      string  `json:"of,omitempty"`      // of a group: the kind of its members
	Name    string  `json:"name"`              // of a set the first member's; of a source amqp or http
	Account string  `json:"account,omitempty"` // that it is in, where that is not the default one
	Group   string  `json:"group,omitempty"`   // the open group that it belongs to
	State   string  `json:"state"`             // ok, warn, bad, off or busy
	Rate    float64 `json:"rate"`              // what goes in (hub, container) or through, per second
	Lag     int64   `json:"lag,omitempty"`
	Count   int64   `json:"count,omitempty"`   // events kept, documents; open connections of a source
	Members int     `json:"members,omitempty"` // of a group
	Failing int     `json:"failing,omitempty"` // members that fail
	Note    string  `json:"note,omitempty"`    // the error as it is
	Key     string  `json:"key,omitempty"`     // id in its list
}

// Edge leads from a node to the next.
type Edge struct {
	From string  `json:"from"`
	To   string  `json:"to"`
	Rate float64 `json:"rate"`
	Feed bool    `json:"feed,omitempty"` // through the change feed
}
