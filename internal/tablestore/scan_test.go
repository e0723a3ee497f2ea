package tablestore

import (
	"fmt"
	"testing"
)

// TestQueriesLookAtTheirKeysAlone counts the entities that a query is asked about:
// keys that a filter names are bounds, and the rest of the table is not read.
func TestQueriesLookAtTheirKeysAlone(t *testing.T) {
	w := newWorld(t)
	table := w.table("Scan")
	for p := range 10 {
		var ops []*Op
		for r := range 100 {
			ops = append(ops, &Op{Kind: Insert, Entity: entity(fmt.Sprint("p", p), fmt.Sprintf("%02d", r))})
		}
		if _, err := table.Batch(t.Context(), ops); err != nil {
			t.Fatal(err)
		}
	}
	at := func(key string) Interval { return Interval{Bound{key, true, true}, Bound{key, true, true}} }
	for name, c := range map[string]struct {
		boxes []Box
		want  int
	}{
		"all":                   {nil, 1000},
		"nothing":               {[]Box{}, 0},
		"a point":               {[]Box{{at("p3"), at("07")}}, 1},
		"an absent point":       {[]Box{{at("p3"), at("7")}}, 0},
		"a partition":           {[]Box{{Partition: at("p3")}}, 100},
		"an absent partition":   {[]Box{{Partition: at("p")}}, 0},
		"rows from":             {[]Box{{at("p3"), Interval{Low: Bound{"90", true, true}}}}, 10},
		"rows above":            {[]Box{{at("p3"), Interval{Low: Bound{"90", false, true}}}}, 9},
		"rows below":            {[]Box{{at("p3"), Interval{High: Bound{"10", false, true}}}}, 10},
		"rows to":               {[]Box{{at("p3"), Interval{High: Bound{"10", true, true}}}}, 11},
		"partitions above":      {[]Box{{Partition: Interval{Low: Bound{"p7", false, true}}}}, 200},
		"partitions from":       {[]Box{{Partition: Interval{Low: Bound{"p7", true, true}}}}, 300},
		"partitions below":      {[]Box{{Partition: Interval{High: Bound{"p2", false, true}}}}, 200},
		"partitions to":         {[]Box{{Partition: Interval{High: Bound{"p2", true, true}}}}, 300},
		"two points, one twice": {[]Box{{at("p9"), at("99")}, {at("p0"), at("00")}, {at("p9"), at("99")}}, 2},
		"overlapping ranges":    {[]Box{{at("p1"), Interval{Low: Bound{"50", true, true}}}, {Partition: at("p1")}}, 100},
	} {
		asked := 0
		q := Query{In: c.boxes, Max: MaxPage, Match: func(*Entity) bool { asked++; return false }}
		if next, err := table.Query(t.Context(), q, func(*Entity) error { return nil }); next != nil || err != nil || asked != c.want {
			t.Errorf("%s: asked about %d entities, want %d (%v, %v)", name, asked, c.want, next, err)
		}
	}
}
