package kql

import (
	"slices"
	"testing"
	"time"
)

// TestAsk looks at what queries tell tables, so that these can skip.
func TestAsk(t *testing.T) {
	hour := Ticks(time.Date(2026, 11, 30, 11, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		query   string
		columns []string
		from    int64
		to      int64
		terms   []Term
		newest  bool
	}{
		{query: "requests | count"},
		{query: "requests | where timestamp > ago(1h) | count", columns: []string{"timestamp"}, from: hour + 1},
		{query: "requests | where timestamp between (datetime(2026-11-30 11:00) .. 1h) | project id", columns: []string{"timestamp", "id"}, from: hour, to: hour + Hour + 1},
		{query: "requests | extend a = toupper(name), b = duration | project b", columns: []string{"duration"}},
		{query: "requests | summarize count(), avg(duration) by cloud_RoleName | project cloud_RoleName, count_", columns: []string{"cloud_RoleName"}},
		{query: "requests | where name == 'x' and operation_Id =~ 'Y' and id has 'z' | project id", columns: []string{"id", "name", "operation_Id"}, terms: []Term{{2, TermEqual, "x"}, {6, TermEqualFold, "Y"}, {1, TermHas, "z"}}},
		{query: "requests | where name == 'x' or id == 'y' | project id", columns: []string{"id", "name"}},
		{query: "requests | take 5 | project id", columns: []string{"timestamp", "id"}, newest: true},
		{query: "requests | top 3 by timestamp desc | project id", columns: []string{"timestamp", "id"}, newest: true},
		{query: "requests | top 3 by duration | project id", columns: []string{"id", "duration"}},
		{query: "requests | take 3 | where name == 'x' | project id", columns: []string{"timestamp", "id", "name"}, newest: true},
		{query: "requests | summarize n = count() by name | where name == 'x'", columns: []string{"name"}},
		{query: "requests | serialize | extend p = prev(name) | where name == 'x' | project p", columns: []string{"name"}},
		{query: "requests | join kind=inner (exceptions) on operation_Id | where id == 'x' | project type", columns: []string{"id", "operation_Id"}},
		{query: "union requests, traces | where timestamp >= datetime(2026-11-30 11:00) | project operation_Id", columns: []string{"timestamp", "operation_Id"}, from: hour},
		{query: "let f = (t:(*)) { union (t | where name == 'x'), (t | where name == 'y') }; requests | invoke f() | project id", columns: []string{"id", "name"}}, // its conditions hold for one use alone
	} {
		m := sampleTables(t)
		if _, err := Run(t.Context(), m, c.query, Options{Now: testNow}); err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		table := m.tables["requests"]
		ask := table.asked[0]
		var columns []string
		for _, i := range ask.Columns {
			columns = append(columns, table.columns[i].Name)
		}
		if !slices.Equal(columns, c.columns) || ask.From != c.from || ask.To != c.to || !slices.Equal(ask.Terms, c.terms) || ask.Newest != c.newest || ask.Newest != (ask.Floor != nil) {
			t.Errorf("%s\nasks %v from %d to %d, %v, newest %v", c.query, columns, ask.From, ask.To, ask.Terms, ask.Newest)
		}
	}
}

// TestSpan bounds every table by the options' times, whatever it gives.
func TestSpan(t *testing.T) {
	m := sampleTables(t)
	from := time.Date(2026, 11, 30, 10, 30, 0, 0, time.UTC)
	r, err := Run(t.Context(), m, "union requests, exceptions, nums | count", Options{Now: testNow, From: from, To: from.Add(50 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for row := range r.All() {
		if n := row[0].Int(); n != 2+5 { // r3 and r4; nums has no times
			t.Errorf("counts %d", n)
		}
	}
	if ask := m.tables["requests"].asked[0]; ask.From != Ticks(from) || ask.To != Ticks(from.Add(50*time.Minute)) {
		t.Errorf("asks from %d to %d", ask.From, ask.To)
	}
}

// TestFloor raises while newer rows are found.
func TestFloor(t *testing.T) {
	m := sampleTables(t)
	if _, err := Run(t.Context(), m, "requests | top 2 by timestamp | project id", Options{Now: testNow}); err != nil {
		t.Fatal(err)
	}
	want := Ticks(time.Date(2026, 11, 30, 11, 20, 0, 0, time.UTC))
	if got := m.tables["requests"].asked[0].Floor(); got != want {
		t.Errorf("the floor is %s", Moment(got))
	}
}

// TestAlso joins the tables of other places to those of the same name.
func TestAlso(t *testing.T) {
	r, err := Run(t.Context(), sampleTables(t), "requests | count", Options{Also: []Tables{sampleTables(t)}})
	if err != nil {
		t.Fatal(err)
	}
	for row := range r.All() {
		if row[0].Int() != 12 {
			t.Errorf("counts %d", row[0].Int())
		}
	}
}

func TestCheck(t *testing.T) {
	m := sampleTables(t)
	columns, err := Check(t.Context(), m, "requests | summarize n = count() by name", Options{})
	if err != nil || !slices.Equal(columns, []Column{{"name", String}, {"n", Long}}) {
		t.Errorf("gives %v, %v", columns, err)
	}
	if len(m.tables["requests"].asked) != 0 {
		t.Error("it read the table")
	}
}
