package insights

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// timed are what takes time.
var timed = map[string]struct{ table, text, sort string }{
	"request":    {"requests", "cloud_RoleName", `""`},
	"dependency": {"dependencies", "target", "type"},
}

// Performance is the answer to GET /api/insights/performance.
type Performance struct {
	Rows  []Timing `json:"rows"` // those that took the most time in all first
	Names int      `json:"names"`
}

// Timing is how long what has one name took, in milliseconds.
type Timing struct {
	Name  string   `json:"name"`
	Text  string   `json:"text"`
	Sort  string   `json:"sort"`
	All   int64    `json:"all"`
	Bad   int64    `json:"bad"`
	P50   *float64 `json:"p50"`
	P95   *float64 `json:"p95"`
	P99   *float64 `json:"p99"`
	Most  *float64 `json:"max"`
	Total *float64 `json:"total"`
}

// performance serves GET /api/insights/performance?kind=&operation=&component=&from=&to=.
// With operation, the name of a request, it is of what those called.
func (p page) performance(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	of, where, err := timing(r)
	if err != nil {
		return err
	}
	text := of.table + where + fmt.Sprintf(` | summarize n = sum(itemCount), bad = sum(iif(success == "False", itemCount, 0)), p50 = percentile(duration, 50), p95 = percentile(duration, 95), p99 = percentile(duration, 99), most = max(duration), total = sum(duration) by name, text = %s, sort = %s | order by total desc`, of.text, of.sort)
	result, err := p.run(r.Context(), a, text)
	if err != nil {
		return err
	}
	out := Performance{Rows: []Timing{}, Names: result.Rows}
	for v := range result.All() {
		if len(out.Rows) == ranked {
			break
		}
		out.Rows = append(out.Rows, Timing{
			Name: cut(v[0].Text(), maxTitle), Text: cut(v[1].Text(), maxTitle), Sort: v[2].Text(), All: v[3].Int(), Bad: v[4].Int(),
			P50: real64(v[5]), P95: real64(v[6]), P99: real64(v[7]), Most: real64(v[8]), Total: real64(v[9]),
		})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// timing reads what durations are asked of: the table, and the condition by kind, name,
// text and operation.
func timing(r *http.Request) (of struct{ table, text, sort string }, where string, err error) {
	q := r.URL.Query()
	of, ok := timed[q.Get("kind")]
	if !ok {
		return of, "", fault.New(fault.Invalid, "kind", "%q is neither request nor dependency", q.Get("kind"))
	}
	var all []string
	if q.Has("name") {
		all = append(all, "name == "+literal(q.Get("name")))
	}
	if q.Has("text") {
		all = append(all, of.text+" == "+literal(q.Get("text")))
	}
	if q.Has("operation") {
		all = append(all, "operation_Name == "+literal(q.Get("operation")))
	}
	if all != nil {
		where = " | where " + strings.Join(all, " and ")
	}
	return of, where, nil
}

// Durations is the answer to GET /api/insights/durations: how long something took, and
// how that changed.
type Durations struct {
	Buckets []Bucket   `json:"buckets"` // the shortest first, none left out between two
	From    int64      `json:"from"`    // of the first step, unix milliseconds
	Step    int64      `json:"step"`    // milliseconds
	Counts  []int64    `json:"counts"`  // per step
	P50     []*float64 `json:"p50"`
	P95     []*float64 `json:"p95"`
}

// Bucket is the durations from one to another, milliseconds.
type Bucket struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count int64   `json:"count"`
	Bad   int64   `json:"bad"`
}

// perDecade is how many buckets there are between 1 ms and 10 ms, 10 ms and 100 ms and so
// on; the shortest bucket begins at 0.
const (
	perDecade = 5
	lowest    = -1 * perDecade // 0.1 ms
)

// durations serves GET /api/insights/durations?kind=&name=&text=&component=&from=&to=&steps=.
func (p page) durations(w http.ResponseWriter, r *http.Request) error {
	a, err := asked(r)
	if err != nil {
		return err
	}
	of, where, err := timing(r)
	if err != nil {
		return err
	}
	n, step, err := a.steps(r, time.Now())
	if err != nil {
		return err
	}
	out := Durations{Buckets: []Bucket{}, From: a.from.UnixMilli(), Step: step.Milliseconds(), Counts: make([]int64, n), P50: make([]*float64, n), P95: make([]*float64, n)}
	text := fmt.Sprintf(`%s%s | summarize n = sum(itemCount), bad = sum(iif(success == "False", itemCount, 0)) by bucket = toint(bin(log10(iif(duration > 0.1, duration, 0.1)) * %d, 1)) | order by bucket asc`, of.table, where, perDecade)
	result, err := p.run(r.Context(), a, text)
	if err != nil {
		return err
	}
	out.Buckets = buckets(result)
	text = fmt.Sprintf("%s%s | summarize n = sum(itemCount), p50 = percentile(duration, 50), p95 = percentile(duration, 95) by step = %s", of.table, where, a.binned(step))
	if result, err = p.run(r.Context(), a, text); err != nil {
		return err
	}
	for v := range result.All() {
		at := min(max(int(v[0].Int()), 0), n-1)
		out.Counts[at] += v[1].Int()
		out.P50[at], out.P95[at] = real64(v[2]), real64(v[3])
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// buckets are those of rows (bucket, n, bad) in order, with the empty ones between.
func buckets(result *kql.Result) []Bucket {
	out := []Bucket{}
	next := 0
	for v := range result.All() {
		b := int(v[0].Int())
		if len(out) == 0 {
			next = b
		}
		for ; next < b; next++ {
			out = append(out, bucketOf(next))
		}
		one := bucketOf(b)
		one.Count, one.Bad = v[1].Int(), v[2].Int()
		out = append(out, one)
		next = b + 1
	}
	return out
}

func bucketOf(b int) Bucket {
	one := Bucket{From: decades(b), To: decades(b + 1)}
	if b <= lowest {
		one.From = 0
	}
	return one
}

// decades is where a bucket begins.
func decades(b int) float64 {
	f := math.Pow(10, float64(b)/perDecade)
	scale := math.Pow(10, 2-math.Floor(math.Log10(f))) // three digits are enough
	return math.Round(f*scale) / scale
}
