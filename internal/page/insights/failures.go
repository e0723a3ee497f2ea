package insights

import (
	"fmt"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// ranked is how many names a ranking has; the rest is summed.
const ranked = 50

// failing are what failures are counted by: the table, the columns of name, text and
// sort, and what counts as failed.
var failing = map[string]struct{ table, name, text, sort, failed string }{
	"operations":   {"requests", "name", "cloud_RoleName", `""`, `success == "False"`},
	"exceptions":   {"exceptions", "problemId", "outerType", `""`, "true"},
	"codes":        {"requests", "resultCode", `""`, `""`, `success == "False"`},
	"dependencies": {"dependencies", "name", "target", "type", `success == "False"`},
}

// Failures is the answer to GET /api/insights/failures.
type Failures struct {
	Rows  []Failure `json:"rows"`  // the most frequent first
	Names int       `json:"names"` // that failed in all
	All   int64     `json:"all"`   // things, failed or not
	Bad   int64     `json:"bad"`   // that failed
}

// Failure is what failed under one name.
type Failure struct {
	Name string  `json:"name"`
	Text string  `json:"text"` // the role, the exception's type, the target
	Sort string  `json:"sort"` // of a dependency: HTTP, SQL and so on
	All  int64   `json:"all"`
	Bad  int64   `json:"bad"`
	Last float64 `json:"last"` // when one last failed, unix milliseconds
}

// failures serves GET /api/insights/failures?by=&component=&from=&to=. What sampling left
// out is counted.
func (p page) failures(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	by, ok := failing[r.URL.Query().Get("by")]
	if !ok {
		return fault.New(fault.Invalid, "by", "%q is none of operations, exceptions, codes and dependencies", r.URL.Query().Get("by"))
	}
	text := fmt.Sprintf("%s | summarize n = sum(itemCount), bad = sum(iif(%s, itemCount, 0)), last = max(iif(%s, timestamp, datetime(null))) by name = %s, text = %s, sort = %s | order by bad desc, n desc, name asc",
		by.table, by.failed, by.failed, by.name, by.text, by.sort)
	result, err := p.run(r.Context(), a, text)
	if err != nil {
		return err
	}
	out := Failures{Rows: []Failure{}}
	for v := range result.All() {
		// name, text and sort come first: they are what is grouped by.
		f := Failure{Name: cut(v[0].Text(), maxTitle), Text: cut(v[1].Text(), maxTitle), Sort: v[2].Text(), All: v[3].Int(), Bad: v[4].Int()}
		out.All += f.All
		out.Bad += f.Bad
		if f.Bad == 0 {
			continue
		}
		f.Last = millis(v[5])
		if out.Names++; out.Names <= ranked {
			out.Rows = append(out.Rows, f)
		}
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}
