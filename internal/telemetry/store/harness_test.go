package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const dir = "data/telemetry/7"

// running is a store with its writer, as the tests use it.
type running struct {
	*Store
	t    testing.TB
	stop func()
}

func start(t testing.TB, opts Options) *running {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = dir
	}
	s, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	r := &running{Store: s, t: t}
	r.stop = sync.OnceFunc(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *running) put(items ...*item.Item) {
	r.t.Helper()
	if n := r.Put(items...); n != len(items) {
		r.t.Fatalf("%d of %d items were taken", n, len(items))
	}
}

func (r *running) flush() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Flush(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// settle waits until no group waits to be sealed.
func (r *running) settle() {
	r.t.Helper()
	r.flush()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		busy := r.sealing != nil
		r.mu.Unlock()
		if !busy {
			return
		}
		if time.Now().After(limit) {
			r.t.Fatal("a group is not sealed within a minute")
		}
	}
}

var someday = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

// randomItem is some item; its operation's id is its number.
func randomItem(rng *rand.Rand, n int) *item.Item {
	word := func() string {
		return []string{"", "a", "GET /orders", "шаг", "<script>alert(1)</script>", "nul\x00tab\t\"quote\\", "Disk full", "🦜", "0f8fad5b-d9cb-469f-a165-70867728950e"}[rng.IntN(9)]
	}
	unique := func() string { return fmt.Sprintf("%016x", rng.Uint64()) }
	took := time.Duration(rng.Int64N(1e10)) / 100 * 100
	i := &item.Item{
		Time: someday.Add(time.Duration(rng.Int64N(int64(2*time.Hour))) / 100 * 100), Count: rng.IntN(3),
		Operation: item.Operation{ID: fmt.Sprintf("%032x", n), Name: word(), ParentID: unique()},
		Session:   word(), User: item.User{ID: word()}, Client: item.Client{IP: "0.0.0.0", OS: word()},
		Role: "shop", RoleInstance: word(), SDKVersion: "go:1",
	}
	if rng.IntN(10) == 0 {
		i.ID = unique()
	}
	if rng.IntN(50) == 0 {
		i.Time = i.Time.AddDate(rng.IntN(200)-100, 0, 0) // a wrong clock
	}
	for range rng.IntN(4) {
		i.Properties = append(i.Properties, item.Property{Name: word(), Value: word() + unique()})
	}
	switch item.Type(rng.IntN(item.Types)) {
	case item.RequestType:
		i.Body = &item.Request{ID: unique(), Name: word(), URL: "http://h/" + unique(), Success: rng.IntN(3) > 0, ResultCode: word(), Duration: took}
	case item.DependencyType:
		i.Body = &item.Dependency{ID: unique(), Name: word(), Kind: "HTTP", Data: word(), Success: rng.IntN(3) > 0, Duration: took + 1}
	case item.TraceType:
		i.Body = &item.Trace{Message: word() + " of " + unique(), Severity: item.Severity(rng.IntN(6))}
	case item.ExceptionType:
		i.Body = &item.Exception{Chain: []item.Cause{{Type: "E", Message: word(), Frames: []item.Frame{{Method: word(), Line: 3}}}}}
	case item.EventType:
		i.Body = &item.Event{Name: word()}
	case item.MetricType:
		i.Body = &item.Metric{Name: word(), Sum: rng.NormFloat64(), Count: rng.Int64N(5), Min: -1, Max: 1e300}
	case item.PerformanceCounterType:
		i.Body = &item.PerformanceCounter{Name: word(), Value: float64(rng.IntN(100))}
	case item.AvailabilityType:
		i.Body = &item.Availability{Name: word(), Success: true, Duration: took}
	case item.PageViewType:
		i.Body = &item.PageView{Name: word(), Duration: took}
	case item.BrowserTimingType:
		i.Body = &item.BrowserTiming{Name: word(), Total: took}
	}
	return i
}

func randomItems(rng *rand.Rand, first, count int) []*item.Item {
	out := make([]*item.Item, count)
	for i := range out {
		out[i] = randomItem(rng, first+i)
	}
	return out
}

// row is a row as text: name=value of each column, itemId only if it was given.
func wantRow(s *item.Schema, v *item.View, i *item.Item) string {
	var b strings.Builder
	for _, c := range v.Columns {
		if c.From != item.Stored || s.Fields[c.Field].Name == itemID {
			continue
		}
		f := &s.Fields[c.Field]
		fmt.Fprintf(&b, "%s=", c.Name)
		switch f.Kind {
		case item.String:
			b.WriteString(f.Text(i))
		case item.Bool:
			if c.Kind == item.Bool {
				fmt.Fprint(&b, f.Flag(i))
			} else if f.Flag(i) {
				b.WriteString("True")
			} else {
				b.WriteString("False")
			}
		case item.Datetime:
			fmt.Fprint(&b, kql.Ticks(f.Time(i)))
		case item.Dynamic:
			b.Write(f.JSON(nil, i))
		case item.Real:
			n, _ := f.Real(i)
			fmt.Fprint(&b, n)
		default:
			if n, ok := f.Long(i); ok {
				fmt.Fprint(&b, n)
			} else {
				b.WriteString("null")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// everything asks a table for all columns.
func everything(t kql.Table) kql.Ask {
	var ask kql.Ask
	for i := range t.Columns() {
		ask.Columns = append(ask.Columns, i)
	}
	return ask
}

// at is a value of a vector as text.
func at(v *kql.Vector, i int) string {
	if v.Same {
		i = 0
	}
	if v.Nulls.Has(i) {
		return "null"
	}
	switch v.Kind {
	case kql.Bool:
		return fmt.Sprint(v.Ints[i] == 1)
	case kql.Int, kql.Long, kql.Datetime:
		return fmt.Sprint(v.Ints[i])
	case kql.Real:
		return fmt.Sprint(v.Reals[i])
	}
	if v.Codes != nil {
		return v.Texts[v.Codes[i]]
	}
	return v.Texts[i]
}

// scanned is what a scan gives: the rows as wantRow writes them, and the item
// ids.
func scanned(t testing.TB, view *item.View, s *item.Schema, tb kql.Table, ask kql.Ask) (rows, ids []string) {
	t.Helper()
	for chunk, err := range tb.Scan(context.Background(), ask) {
		if err != nil {
			t.Fatal(err)
		}
		if len(chunk.Columns) != len(ask.Columns) {
			t.Fatalf("%d columns of %d", len(chunk.Columns), len(ask.Columns))
		}
		loaded := make([]*kql.Vector, len(chunk.Columns))
		for k, v := range chunk.Columns {
			if v.Load != nil {
				got, err := v.Load()
				if err != nil {
					t.Fatal(err)
				}
				v = got
			}
			loaded[k] = v
			if want := tb.Columns()[ask.Columns[k]].Kind; v.Kind != want {
				t.Fatalf("%s is of kind %v, not %v", tb.Columns()[ask.Columns[k]].Name, v.Kind, want)
			}
		}
		for i := range chunk.N {
			var b strings.Builder
			for k, v := range loaded {
				c := view.Columns[ask.Columns[k]]
				if c.From != item.Stored {
					continue
				}
				if s.Fields[c.Field].Name == itemID {
					ids = append(ids, at(v, i))
					continue
				}
				fmt.Fprintf(&b, "%s=%s\n", c.Name, at(v, i))
			}
			rows = append(rows, b.String())
		}
	}
	return rows, ids
}

// wantItems demands that all tables, under both names, have just these items.
func wantItems(t testing.TB, s *Store, items []*item.Item) {
	t.Helper()
	for k := range item.Types {
		schema := item.Of(item.Type(k))
		for _, v := range []*item.View{&schema.Classic, &schema.Workspace} {
			tb, ok := Tables(s).Table(v.Name)
			if !ok {
				t.Fatalf("there is no table %s", v.Name)
			}
			var want []string
			for _, i := range items {
				if i.Body.Type() == schema.Type {
					want = append(want, wantRow(schema, v, i))
				}
			}
			got, ids := scanned(t, v, schema, tb, everything(tb))
			slices.Sort(got)
			slices.Sort(want)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s: %d rows, want %d: %s", v.Name, len(got), len(want), d[:min(len(d), 2000)])
			}
			slices.Sort(ids)
			if len(slices.Compact(ids)) != len(want) {
				t.Fatalf("%s: item ids are not unique", v.Name)
			}
		}
	}
}

// operations are the numbers of the items that a store has, in their order.
func operations(t testing.TB, s *Store) []int {
	t.Helper()
	var out []int
	for k := range item.Types {
		schema := item.Of(item.Type(k))
		tb, _ := Tables(s).Table(schema.Classic.Name)
		at := slices.IndexFunc(tb.Columns(), func(c kql.Column) bool { return c.Name == "operation_Id" })
		got, _ := scanned(t, &schema.Classic, schema, tb, kql.Ask{Columns: []int{at}})
		for _, row := range got {
			var n int
			if _, err := fmt.Sscanf(row, "operation_Id=%x", &n); err != nil {
				t.Fatal(err)
			}
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// files are the names in the store's folder with a suffix.
func files(t testing.TB, fs vfs.FS, suffix string) []string {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, suffix) })
}

var errDisk = errors.New("the disk refuses")
