package insights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	maxFollowed = 50 // operations that are shown with one
	maxHops     = 8  // from it, in each direction
	skewed      = 5 * time.Minute
)

// way is a request that another operation caused, as it says in _MS.links.
type way struct {
	operation, span string
	causes          []link
}

// link is a span that a request names as one of its causes.
type link struct {
	Operation string `json:"operation_Id"`
	Span      string `json:"id"`
}

// follow returns what an operation caused and what it was caused by, in other operations,
// itself first, and the causes of requests among them by the request's span. since is
// when the operation began.
func (p page) follow(ctx context.Context, a ask, id string, since time.Time) (operations []string, causes map[string][]link, err error) {
	operations, causes = []string{id}, map[string][]link{}
	down, up := []string{id}, []string{id}
	for range maxHops {
		if len(down) == 0 && len(up) == 0 {
			break
		}
		after := a
		if after.from.IsZero() {
			after.from = since.Add(-skewed)
		}
		caused, err := p.ways(ctx, after, down, `tostring(customDimensions) has_any (`)
		if err != nil {
			return nil, nil, err
		}
		came, err := p.ways(ctx, a, up, `operation_Id in (`)
		if err != nil {
			return nil, nil, err
		}
		from := down
		down, up = nil, nil
		add := func(operation string, to *[]string) bool {
			if operation == "" || len(operations) == maxFollowed || slices.Contains(operations, operation) {
				return slices.Contains(operations, operation)
			}
			operations, *to = append(operations, operation), append(*to, operation)
			return true
		}
		for _, w := range caused {
			named := func(l link) bool { return slices.Contains(from, l.Operation) }
			if slices.ContainsFunc(w.causes, named) && add(w.operation, &down) {
				causes[w.span] = w.causes
			}
		}
		for _, w := range came {
			causes[w.span] = w.causes
			for _, l := range w.causes {
				add(l.Operation, &up)
			}
		}
	}
	return operations, causes, nil
}

// ways are the requests of a condition on operations that have links.
func (p page) ways(ctx context.Context, a ask, operations []string, condition string) (all []way, err error) {
	if len(operations) == 0 {
		return nil, nil
	}
	text := "requests | where " + condition + literals(operations) + `) | extend links = tostring(customDimensions["_MS.links"]) | where isnotempty(links)` +
		fmt.Sprintf(" | top %d by timestamp asc | project operation_Id, id, links", maxFollowed)
	result, err := p.run(ctx, a, text)
	if err != nil {
		return nil, err
	}
	for v := range result.All() {
		w := way{operation: v[0].Text(), span: v[1].Text()}
		if json.Unmarshal([]byte(v[2].Text()), &w.causes) == nil {
			all = append(all, w)
		}
	}
	return all, nil
}

func literals(texts []string) string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = literal(t)
	}
	return strings.Join(all, ", ")
}

// attach tells rows which spans among them caused them.
func attach(rows []Row, causes map[string][]link) {
	spans := map[string]bool{}
	for _, r := range rows {
		spans[r.Span] = true
	}
	for i := range rows {
		for _, l := range causes[rows[i].Span] {
			if l.Span != "" && spans[l.Span] && len(rows[i].Causes) < maxLinks {
				rows[i].Causes = append(rows[i].Causes, l.Span)
			}
		}
	}
}
