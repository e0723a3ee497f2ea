package docstore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// model is what the store should hold: documents by partition and id, in a map.
type model struct {
	docs map[[2]string]modelDoc
	made int // documents ever made, for insertion order
}

type modelDoc struct {
	text string // without system properties
	v    int
	made int
	lsn  uint64
	item Item
	dies time.Time // zero: never
}

// TestAgainstModel runs random operations, restarts and index builds against a
// map, and compares every way of reading.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.close()
		ttl := int32(-1)
		c := w.container(func(s *ContainerSpec) {
			s.DefaultTTL = &ttl
			s.IndexingPolicy = IndexingPolicy{
				Mode: "consistent", Included: []string{"/*", "/v/?"}, Excluded: []string{"/secret/*"},
				Composite: [][]CompositePath{{{Path: "/pk"}, {Path: "/v", Descending: true}}},
			}
		})
		m := &model{docs: map[[2]string]modelDoc{}}
		for range rapid.IntRange(1, 25).Draw(rt, "rounds") {
			switch rapid.IntRange(0, 9).Draw(rt, "round") {
			case 0:
				w.reopen()
				c = w.container()
			case 1:
				w.clock.Advance(time.Duration(rapid.IntRange(1, 5).Draw(rt, "seconds")) * time.Second)
				m.expire(w.clock.Now())
			case 2:
				if _, err := c.sweep(t.Context()); err != nil {
					rt.Fatal(err)
				}
			case 3:
				m.deletePartition(rt, t, c)
			default:
				m.write(rt, t, c, w.clock.Now())
			}
		}
		m.compare(rt, t, c)
		if err := c.Check(t.Context()); err != nil {
			rt.Fatal(err)
		}
	})
}

func (m *model) expire(now time.Time) {
	maps.DeleteFunc(m.docs, func(_ [2]string, d modelDoc) bool { return !d.dies.IsZero() && !d.dies.After(now) })
}

func (m *model) deletePartition(rt *rapid.T, t *testing.T, c *Container) {
	pk := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "pk")
	before := len(m.docs)
	maps.DeleteFunc(m.docs, func(at [2]string, _ modelDoc) bool { return at[0] == pk })
	n, _, err := c.DeletePartition(t.Context(), StringKey(pk))
	if want := before - len(m.docs); err != nil || n != want {
		rt.Fatalf("delete partition %s: %d items, %v; there were %d", pk, n, err, want)
	}
}

// write draws some operations, executes them and predicts the results.
func (m *model) write(rt *rapid.T, t *testing.T, c *Container, now time.Time) {
	atomic := rapid.Bool().Draw(rt, "atomic")
	pk := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "pk")
	var ops []Op
	var wants []func(r Result) // update the model
	tentative := &model{maps.Clone(m.docs), m.made}
	failed := false
	for range rapid.IntRange(1, 6).Draw(rt, "ops") {
		if !atomic {
			pk = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "pk")
		}
		id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(rt, "id")
		at := [2]string{pk, id}
		key := StringKey(pk)
		kind := rapid.SampledFrom([]OpKind{Create, Upsert, Upsert, Replace, Delete, Mutate}).Draw(rt, "kind")
		v := rapid.IntRange(-3, 3).Draw(rt, "v")
		text := fmt.Sprintf(`{"id":"%s","pk":"%s","v":%d}`, id, pk, v)
		var dies time.Time
		if rapid.IntRange(0, 4).Draw(rt, "dies") == 0 {
			text = strings.Replace(text, `,"v"`, `,"ttl":3,"v"`, 1)
			dies = time.Unix(now.Unix()+3, 0)
		}
		op := Op{Kind: kind, Key: &key, ID: id, Body: []byte(text)}
		if kind == Delete {
			op.Body = nil
		}
		if kind == Mutate {
			op.Body = nil
			op.Mutate = func(Item) ([]byte, error) { return []byte(text), nil }
		}
		old, exists := tentative.docs[at]
		var want fault.Kind
		switch {
		case kind == Create && exists:
			want = fault.Conflict
		case !exists && (kind == Replace || kind == Delete || kind == Mutate):
			want = fault.NotFound
		case kind == Delete:
			delete(tentative.docs, at)
		default:
			d := modelDoc{text: text, v: v, made: old.made, dies: dies}
			if !exists {
				tentative.made++
				d.made = tentative.made
			}
			tentative.docs[at] = d
		}
		ops = append(ops, op)
		if want != 0 && atomic {
			failed = true
		}
		wants = append(wants, func(r Result) {
			switch {
			case failed:
				if r.Err == nil {
					rt.Fatalf("%v %s/%s succeeded in a transaction that must fail", kind, pk, id)
				}
			case want != 0:
				if !fault.Is(r.Err, want) {
					rt.Fatalf("%v %s/%s: %v, want %v", kind, pk, id, r.Err, want)
				}
			case r.Err != nil:
				rt.Fatalf("%v %s/%s: %v", kind, pk, id, r.Err)
			case kind != Delete:
				d := tentative.docs[at]
				d.lsn, d.item = r.Item.LSN, r.Item
				if d.text == text {
					tentative.docs[at] = d
				}
			}
		})
		if failed {
			break
		}
	}
	results, err := c.Write(t.Context(), ops, atomic)
	if err != nil {
		rt.Fatal(err)
	}
	for i, want := range wants {
		want(results[i])
	}
	if !failed {
		m.docs, m.made = tentative.docs, tentative.made
	}
}

// compare reads the container in every way.
func (m *model) compare(rt *rapid.T, t *testing.T, c *Container) {
	var all []modelDoc
	for at, d := range m.docs {
		got, err := c.Read(t.Context(), StringKey(at[0]), at[1])
		if err != nil || user(got.Body) != d.text {
			rt.Fatalf("read %v: %s, %v; want %s", at, got.Body, err, d.text)
		}
		all = append(all, d)
	}
	byMade := slices.SortedFunc(slices.Values(all), func(a, b modelDoc) int { return a.made - b.made })
	same := func(what string, rows *Rows, err error, want []modelDoc) {
		if err != nil {
			rt.Fatal(err)
		}
		got := texts(t, rows, nil)
		var wanted []string
		for _, d := range want {
			wanted = append(wanted, d.text)
		}
		if !slices.Equal(got, wanted) {
			rt.Fatalf("%s:\n got %v\nwant %v", what, got, wanted)
		}
	}
	reversed := func(s []modelDoc) []modelDoc { s = slices.Clone(s); slices.Reverse(s); return s }
	rows, err := c.Scan(t.Context(), ScanOptions{})
	same("scan", rows, err, byMade)
	rows, err = c.Scan(t.Context(), ScanOptions{Reverse: true})
	same("reverse scan", rows, err, reversed(byMade))

	byV := slices.SortedStableFunc(slices.Values(byMade), func(a, b modelDoc) int { return a.v - b.v })
	rows, err = c.IndexScan(t.Context(), IndexOptions{Path: []string{"v"}})
	same("index scan", rows, err, byV)
	rows, err = c.IndexScan(t.Context(), IndexOptions{Path: []string{"v"}, Reverse: true})
	same("reverse index scan", rows, err, reversed(byV))

	low, high := rapid.IntRange(-3, 3).Draw(rt, "low"), rapid.IntRange(-3, 3).Draw(rt, "high")
	in, out := rapid.Bool().Draw(rt, "lowIn"), rapid.Bool().Draw(rt, "highIn")
	key := StringKey("a")
	var ranged []modelDoc
	for _, d := range byV {
		if d.item.Key == key && (d.v > low || in && d.v == low) && (d.v < high || out && d.v == high) {
			ranged = append(ranged, d)
		}
	}
	num := func(n int, inclusive bool) Bound {
		return Bound{Value: Value{Kind: Number, Num: float64(n)}, Inclusive: inclusive, Set: true}
	}
	rows, err = c.IndexScan(t.Context(), IndexOptions{Path: []string{"v"}, Key: &key, Low: num(low, in), High: num(high, out)})
	same("range in partition", rows, err, ranged)

	byBoth := slices.SortedStableFunc(slices.Values(byMade), func(a, b modelDoc) int {
		if a.item.Key != b.item.Key {
			return strings.Compare(a.item.Key.String(), b.item.Key.String())
		}
		return b.v - a.v
	})
	rows, err = c.CompositeScan(t.Context(), CompositeOptions{Columns: []CompositePath{{"/pk", false}, {"/v", true}}})
	same("composite scan", rows, err, byBoth)

	if n, err := c.Count(t.Context(), nil); err != nil || int(n) != len(all) {
		rt.Fatalf("count %d, %v; want %d", n, err, len(all))
	}
	m.compareFeed(rt, t, c, all)
}

func (m *model) compareFeed(rt *rapid.T, t *testing.T, c *Container, all []modelDoc) {
	page := rapid.IntRange(1, 5).Draw(rt, "page")
	seen := map[string]bool{}
	last := uint64(0)
	for {
		items, next, err := c.Changes(t.Context(), last, ChangeOptions{Max: page})
		if err != nil {
			rt.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		for _, it := range items {
			d, ok := m.docs[[2]string{it.Key.Component(0).Str, it.ID}]
			if !ok || d.text != user(it.Body) || d.lsn != it.LSN || seen[it.RID] || it.LSN <= last {
				rt.Fatalf("change %s at %d after %d; the model has %+v", it.Body, it.LSN, last, d)
			}
			seen[it.RID] = true
		}
		last = next
	}
	if len(seen) != len(all) {
		rt.Fatalf("%d changes, want %d", len(seen), len(all))
	}
}
