package tablestore

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// model is what a table should hold, in a map.
type model map[Position]modelEntity

type modelEntity struct {
	stamp Ticks
	props map[string]Value
}

var (
	partitions = []string{"", "a", "a!", "b", "😀", "\ue000"}
	rowKeys    = []string{"", "1", "10", "2", "\uffff", "😀"}
	values     = []Value{Int32Value(1), Int64Value(2), StringValue("x"), StringValue(""), BoolValue(true)}
)

// TestAgainstModel runs random operations and restarts against a map, and compares
// counts, point reads, ranges and pages.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.close()
		table := w.table("Model")
		m := model{}
		for range rapid.IntRange(1, 40).Draw(rt, "rounds") {
			switch rapid.IntRange(0, 9).Draw(rt, "round") {
			case 0:
				w.reopen()
				table = w.table("Model")
			case 1:
				w.clock.Advance(time.Duration(rapid.IntRange(-1, 3).Draw(rt, "seconds")) * time.Second)
			case 2:
				m.query(rt, t, table)
			default:
				m.write(rt, t, table)
			}
		}
		m.query(rt, t, table)
		m.compare(rt, t, table)
	})
}

// write draws one operation or a batch, and predicts what comes of it.
func (m model) write(rt *rapid.T, t *testing.T, table *Table) {
	n := rapid.SampledFrom([]int{1, 1, 1, 2, 4}).Draw(rt, "operations")
	partition := rapid.SampledFrom(partitions).Draw(rt, "partition")
	var ops []*Op
	next := maps.Clone(m)
	seen := map[string]bool{}
	var code fault.Code
	at := -1
	for i := range n {
		op := m.draw(rt, partition)
		ops = append(ops, op)
		if seen[op.Entity.RowKey] && (at < 0 || code != InvalidDuplicateRow) {
			at, code = i, InvalidDuplicateRow
		}
		seen[op.Entity.RowKey] = true
		if got := next.apply(op); got != "" && at < 0 {
			at, code = i, got
		}
	}
	stamps, err := table.Batch(t.Context(), ops)
	if got := codeOf(err); got != code {
		rt.Fatalf("%d operations: %v, want %s at %d", n, err, code, at)
	}
	if b, ok := err.(*BatchError); ok && b.Index != at { //nolint:errorlint // not wrapped
		rt.Fatalf("failed at %d, want %d", b.Index, at)
	}
	if err != nil {
		return
	}
	for i, op := range ops {
		key := Position{op.Entity.PartitionKey, op.Entity.RowKey}
		if e, ok := next[key]; ok {
			if stamps[i] <= m[key].stamp {
				rt.Fatalf("stamp %d after %d", stamps[i], m[key].stamp)
			}
			e.stamp = stamps[i]
			next[key] = e
		}
	}
	clear(m)
	maps.Copy(m, next)
}

func (m model) draw(rt *rapid.T, partition string) *Op {
	op := &Op{
		Kind:   OpKind(rapid.IntRange(int(Insert), int(Delete)).Draw(rt, "kind")),
		Entity: entity(partition, rapid.SampledFrom(rowKeys).Draw(rt, "row")),
	}
	for _, name := range []string{"A", "B", "C"} {
		if rapid.Bool().Draw(rt, "has "+name) {
			op.Entity.Properties = append(op.Entity.Properties, Property{name, rapid.SampledFrom(values).Draw(rt, name)})
		}
	}
	switch rapid.IntRange(0, 3).Draw(rt, "condition") {
	case 0:
		op.IfMatch = m[Position{partition, op.Entity.RowKey}].stamp
	case 1:
		op.IfMatch = 1
	}
	return op
}

// apply changes the model as the store should change, or says what it refuses.
func (m model) apply(op *Op) fault.Code {
	key := Position{op.Entity.PartitionKey, op.Entity.RowKey}
	old, found := m[key]
	switch {
	case found && op.Kind == Insert:
		return EntityAlreadyExists
	case !found && (op.Kind == Replace || op.Kind == Merge || op.Kind == Delete):
		return ResourceNotFound
	case found && op.IfMatch != 0 && op.IfMatch != old.stamp:
		return UpdateConditionNotSatisfied
	}
	if op.Kind == Delete {
		delete(m, key)
		return ""
	}
	props := map[string]Value{}
	if op.Kind == Merge || op.Kind == UpsertMerge {
		maps.Copy(props, old.props)
	}
	for _, p := range op.Entity.Properties {
		props[p.Name] = p.Value
	}
	m[key] = modelEntity{old.stamp, props}
	return ""
}

// compare reads every key there can be.
func (m model) compare(rt *rapid.T, t *testing.T, table *Table) {
	for _, partition := range partitions {
		for _, row := range rowKeys {
			want, there := m[Position{partition, row}]
			var e Entity
			if err := table.Get(t.Context(), partition, row, &e); (err == nil) != there {
				rt.Fatalf("get %q %q: %v, in the model: %v", partition, row, err, there)
			}
			if there {
				want.same(rt, &e)
			}
		}
	}
	if n, _ := table.Usage(); int(n) != len(m) {
		rt.Fatalf("usage %d entities, the model has %d", n, len(m))
	}
}

func (want modelEntity) same(rt *rapid.T, e *Entity) {
	got := map[string]Value{}
	for _, p := range e.Properties {
		got[p.Name] = p.Value
	}
	if !maps.Equal(got, want.props) || len(e.Properties) != len(got) || e.Timestamp != want.stamp {
		rt.Fatalf("%s has %v at %d, want %v at %d", e.name(), got, e.Timestamp, want.props, want.stamp)
	}
}

func drawInterval(rt *rapid.T, of []string) (i Interval) {
	for _, b := range []*Bound{&i.Low, &i.High} {
		if rapid.Bool().Draw(rt, "bound") {
			*b = Bound{rapid.SampledFrom(append(of, "a\x00b")).Draw(rt, "key"), rapid.Bool().Draw(rt, "inclusive"), true}
		}
	}
	if rapid.IntRange(0, 2).Draw(rt, "point") == 0 {
		i.High = i.Low
	}
	return i
}

func (i Interval) has(s string) bool {
	low, high := Compare(s, i.Low.Key), Compare(s, i.High.Key)
	return (!i.Low.Set || low > 0 || low == 0 && i.Low.Inclusive) && (!i.High.Set || high < 0 || high == 0 && i.High.Inclusive)
}

// query draws boxes and a page size.
func (m model) query(rt *rapid.T, t *testing.T, table *Table) {
	var q Query
	for range rapid.IntRange(0, 3).Draw(rt, "boxes") {
		q.In = append(q.In, Box{drawInterval(rt, partitions), drawInterval(rt, rowKeys)})
	}
	in := func(at Position) bool {
		return q.In == nil || slices.ContainsFunc(q.In, func(b Box) bool { return b.Partition.has(at.PartitionKey) && b.Row.has(at.RowKey) })
	}
	q.Match = func(e *Entity) bool { return in(Position{e.PartitionKey, e.RowKey}) }
	q.Max = rapid.IntRange(1, 4).Draw(rt, "page")
	want := slices.SortedFunc(maps.Keys(m), func(a, b Position) int {
		if c := Compare(a.PartitionKey, b.PartitionKey); c != 0 {
			return c
		}
		return Compare(a.RowKey, b.RowKey)
	})
	want = slices.DeleteFunc(want, func(at Position) bool { return !in(at) })
	var got []Position
	for {
		n := 0
		next, err := table.Query(t.Context(), q, func(e *Entity) error {
			at := Position{e.PartitionKey, e.RowKey}
			got = append(got, at)
			m[at].same(rt, e)
			n++
			return nil
		})
		if err != nil || n > q.Max {
			rt.Fatalf("page of %d, %v; at most %d", n, err, q.Max)
		}
		if next == nil {
			break
		}
		q.From = next
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("query %+v:\n got %q\nwant %q", q.In, got, want)
	}
}
