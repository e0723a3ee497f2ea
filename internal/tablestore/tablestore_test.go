package tablestore

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestEveryTypeComesBack(t *testing.T) {
	testkit.NoLeaks(t)
	w := newWorld(t)
	e := entity("p", "r",
		"Text", StringValue("Grüße \U0001F600"), "Empty", StringValue(""),
		"Yes", BoolValue(true), "No", BoolValue(false),
		"Small", Int32Value(math.MinInt32), "Big", Int64Value(math.MaxInt64), "Neg", Int64Value(-1),
		"Half", DoubleValue(0.5), "Inf", DoubleValue(math.Inf(-1)),
		"When", DateTimeValue(MinTicks), "Last", DateTimeValue(MaxTicks),
		"Who", GUIDValue([16]byte{1, 2, 15: 255}), "Raw", BinaryValue("\x00\xff"))
	stamp := write(t, w.table("Types"), Insert, e)
	w.reopen()
	var got Entity
	if err := w.table("types").Get(t.Context(), "p", "r", &got); err != nil {
		t.Fatal(err)
	}
	e.Timestamp = stamp
	if diff := cmp.Diff(e, got, cmp.AllowUnexported(Value{})); diff != "" {
		t.Error(diff)
	}
	if got := got.Lookup("Big").Int(); got != math.MaxInt64 {
		t.Errorf("Big is %d", got)
	}
}

// TestOperations is each kind of operation on an entity that is there and on one
// that is not, with each kind of condition.
func TestOperations(t *testing.T) {
	w := newWorld(t)
	table := w.table("Ops")
	for _, c := range []struct {
		kind            OpKind
		absent, present fault.Code
		after           string // A and B of one that was A=1 B=2, given A=9
	}{
		{Insert, "", EntityAlreadyExists, "A=1 B=2"},
		{Replace, ResourceNotFound, "", "A=9"},
		{Merge, ResourceNotFound, "", "A=9 B=2"},
		{Upsert, "", "", "A=9"},
		{UpsertMerge, "", "", "A=9 B=2"},
		{Delete, ResourceNotFound, "", ""},
	} {
		t.Run(c.kind.String(), func(t *testing.T) {
			_, err := table.Write(t.Context(), &Op{Kind: c.kind, Entity: entity("absent", c.kind.String(), "A", Int32Value(9))})
			wantCode(t, err, c.absent)
			old := write(t, table, Insert, entity("p", c.kind.String(), "A", Int32Value(1), "B", Int32Value(2)))
			change := Op{Kind: c.kind, Entity: entity("p", c.kind.String(), "A", Int32Value(9)), IfMatch: old - 1}
			if c.kind != Insert {
				_, err = table.Write(t.Context(), &change)
				wantCode(t, err, UpdateConditionNotSatisfied)
			}
			change.IfMatch = old
			stamp, err := table.Write(t.Context(), &change)
			wantCode(t, err, c.present)
			if err == nil && c.kind != Delete && stamp <= old {
				t.Errorf("written at %v after %v", stamp, old)
			}
			if got := text(t, table, "p", c.kind.String()); got != c.after {
				t.Errorf("it is %q, want %q", got, c.after)
			}
		})
	}
}

// text is the integers of an entity, or "" when there is none.
func text(t testing.TB, table *Table, partition, row string) string {
	t.Helper()
	var e Entity
	if err := table.Get(t.Context(), partition, row, &e); err != nil {
		wantCode(t, err, ResourceNotFound)
		return ""
	}
	var all []string
	for _, p := range e.Properties {
		all = append(all, fmt.Sprintf("%s=%d", p.Name, p.Value.Int()))
	}
	return strings.Join(all, " ")
}

// TestTimestampsNeverStandStill: not within a tick, and not when the clock goes
// back over a restart.
func TestTimestampsNeverStandStill(t *testing.T) {
	w := newWorld(t)
	last := Ticks(0)
	for i := range 20 {
		if i%5 == 4 {
			w.clock.Advance(-time.Hour)
			w.reopen()
		}
		stamp := write(t, w.table("Table"), Upsert, entity("p", "r"))
		if stamp <= last {
			t.Fatalf("write %d at %v, the one before at %v", i, stamp, last)
		}
		last = stamp
		if i%5 == 3 {
			write(t, w.table("Table"), Delete, entity("p", "r"))
		}
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	table := w.table("Limits")
	many := entity("p", "r")
	for i := range MaxProperties {
		many.Properties = append(many.Properties, Property{fmt.Sprintf("P%d", i), Int32Value(1)})
	}
	big := entity("p", "r")
	for i := range 16 {
		big.Properties = append(big.Properties, Property{fmt.Sprintf("P%d", i), BinaryValue(strings.Repeat("x", MaxBinaryBytes-64))})
	}
	tooBig := big
	tooBig.Properties = append(slices.Clip(big.Properties), Property{"Q", BinaryValue(strings.Repeat("x", 4096))})
	for name, c := range map[string]struct {
		e    Entity
		code fault.Code
	}{
		"most properties":     {many, ""},
		"too many properties": {Entity{"p", "r", 0, append(slices.Clip(many.Properties), Property{"Q", Int32Value(1)})}, TooManyProperties},
		"largest entity":      {big, ""},
		"too large an entity": {tooBig, EntityTooLarge},
		"longest text":        {entity("p", "r", "A", StringValue(strings.Repeat("한", MaxTextUnits))), ""},
		"text of surrogates":  {entity("p", "r", "A", StringValue(strings.Repeat("😀", MaxTextUnits/2+1))), PropertyValueTooLarge},
		"too long a text":     {entity("p", "r", "A", StringValue(strings.Repeat("x", MaxTextUnits+1))), PropertyValueTooLarge},
		"too long a binary":   {entity("p", "r", "A", BinaryValue(strings.Repeat("x", MaxBinaryBytes+1))), PropertyValueTooLarge},
		"time too early":      {entity("p", "r", "A", DateTimeValue(MinTicks-1)), OutOfRangeInput},
		"time too late":       {entity("p", "r", "A", DateTimeValue(MaxTicks+1)), OutOfRangeInput},
		"longest name":        {entity("p", "r", strings.Repeat("é", MaxNameUnits), Int32Value(1)), ""},
		"too long a name":     {entity("p", "r", strings.Repeat("é", MaxNameUnits+1), Int32Value(1)), PropertyNameTooLong},
		"name with a dash":    {entity("p", "r", "a-b", Int32Value(1)), PropertyNameInvalid},
		"name with a digit":   {entity("p", "r", "1a", Int32Value(1)), PropertyNameInvalid},
		"no name":             {entity("p", "r", "", Int32Value(1)), PropertyNameInvalid},
		"a key among them":    {entity("p", "r", "RowKey", StringValue("r")), DuplicatePropertiesSpecified},
		"no value":            {entity("p", "r", "A", Value{}), InvalidInput},
		"empty keys":          {entity("", ""), ""},
		"longest key":         {entity(strings.Repeat("k", MaxKeyUnits), "r"), ""},
		"too long a key":      {entity("p", strings.Repeat("k", MaxKeyUnits+1)), KeyValueTooLarge},
		"slash in a key":      {entity("a/b", "r"), OutOfRangeInput},
		"backslash in a key":  {entity("p", `a\b`), OutOfRangeInput},
		"hash in a key":       {entity("a#b", "r"), OutOfRangeInput},
		"mark in a key":       {entity("p", "a?b"), OutOfRangeInput},
		"NUL in a key":        {entity("p", "a\x00b"), OutOfRangeInput},
		"control in a key":    {entity("p", "a\u0085b"), OutOfRangeInput},
		"broken key":          {entity("p", "a\xffb"), InvalidInput},
		"broken text":         {entity("p", "r", "A", StringValue("a\xff")), InvalidInput},
		"strange key":         {entity("a'b,c=d)e%20", "\ufffd한"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := table.Write(t.Context(), &Op{Kind: Upsert, Entity: c.e})
			wantCode(t, err, c.code)
		})
	}
	t.Run("merge of too many", func(t *testing.T) {
		write(t, table, Upsert, many)
		_, err := table.Write(t.Context(), &Op{Kind: Merge, Entity: entity("p", "r", "Q", Int32Value(1))})
		wantCode(t, err, TooManyProperties)
	})
}

func TestBatch(t *testing.T) {
	w := newWorld(t)
	table := w.table("Batch")
	write(t, table, Insert, entity("p", "there", "A", Int32Value(1)))
	op := func(kind OpKind, partition, row string) *Op {
		return &Op{Kind: kind, Entity: entity(partition, row, "A", Int32Value(2))}
	}
	hundred := make([]*Op, MaxBatch+1)
	for i := range hundred {
		hundred[i] = op(Insert, "q", fmt.Sprint(i))
	}
	for name, c := range map[string]struct {
		ops   []*Op
		code  fault.Code
		index int
	}{
		"one fails":      {[]*Op{op(Insert, "p", "new"), op(Insert, "p", "there"), op(Delete, "p", "none")}, EntityAlreadyExists, 1},
		"two partitions": {[]*Op{op(Insert, "p", "new"), op(Insert, "q", "new")}, DifferentPartitions, 1},
		"twice":          {[]*Op{op(Insert, "p", "new"), op(Insert, "p", "x"), op(Upsert, "p", "new")}, InvalidDuplicateRow, 2},
		"bad entity":     {[]*Op{op(Insert, "p", "new"), op(Insert, "p", "a/b")}, OutOfRangeInput, 1},
		"too many":       {hundred, InvalidInput, -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := table.Batch(t.Context(), c.ops)
			wantCode(t, err, c.code)
			if at, ok := err.(*BatchError); (c.index >= 0) != ok || ok && at.Index != c.index { //nolint:errorlint // not wrapped
				t.Errorf("error %v, want index %d", err, c.index)
			}
			if got := rows(t, table, Query{}); !slices.Equal(got, []string{"p/there"}) {
				t.Errorf("there are %v", got)
			}
		})
	}
	stamps, err := table.Batch(t.Context(), []*Op{op(Insert, "p", "new"), op(Delete, "p", "there"), op(Upsert, "p", "😀")})
	if err != nil || stamps[0] == 0 || stamps[1] != 0 || stamps[2] <= stamps[0] {
		t.Errorf("%v, %v", stamps, err)
	}
	if got := rows(t, table, Query{}); !slices.Equal(got, []string{"p/new", "p/😀"}) {
		t.Errorf("there are %v", got)
	}
	if stamps, err := table.Batch(t.Context(), hundred[:MaxBatch]); err != nil || len(stamps) != MaxBatch {
		t.Errorf("a hundred: %v", err)
	}
	if n, _ := table.Usage(); n != MaxBatch+2 {
		t.Errorf("usage %d entities", n)
	}
}

func TestTables(t *testing.T) {
	testkit.NoLeaks(t)
	w := newWorld(t)
	a, b := w.store.Account(1), w.store.Account(2)
	for _, name := range []string{"Beta", "alpha", "gamma1"} {
		w.table(name)
	}
	_, err := a.CreateTable(t.Context(), "ALPHA")
	wantCode(t, err, TableAlreadyExists)
	for name, code := range map[string]fault.Code{
		"ab": OutOfRangeInput, strings.Repeat("a", 64): OutOfRangeInput, "1ab": InvalidResourceName, "a-b": InvalidResourceName,
		"tables": InvalidInput, "Tables": InvalidInput, "한국어": InvalidResourceName,
	} {
		_, err := a.CreateTable(t.Context(), name)
		wantCode(t, err, code)
	}
	if _, err := b.CreateTable(t.Context(), "alpha"); err != nil {
		t.Fatal(err)
	}
	write(t, w.table("BETA"), Insert, entity("p", "r"))
	if err := w.table("beta").SetACL(t.Context(), []byte("<a/>")); err != nil {
		t.Fatal(err)
	}
	if err := a.SetServiceProperties(t.Context(), []byte("<p/>")); err != nil {
		t.Fatal(err)
	}
	names := func(from string) (all []string) {
		for _, table := range w.store.Account(1).Tables(from) {
			all = append(all, table.Name())
		}
		return all
	}
	for range 2 {
		if got := names(""); !slices.Equal(got, []string{"alpha", "Beta", "gamma1"}) {
			t.Errorf("tables %v", got)
		}
		if got := names("B"); !slices.Equal(got, []string{"Beta", "gamma1"}) {
			t.Errorf("tables from B: %v", got)
		}
		if got := string(w.table("Beta").ACL()); got != "<a/>" {
			t.Errorf("policies %q", got)
		}
		if got := string(w.store.Account(1).ServiceProperties()); got != "<p/>" {
			t.Errorf("service properties %q", got)
		}
		if n, size := w.table("Beta").Usage(); n != 1 || size == 0 {
			t.Errorf("usage %d entities of %d bytes", n, size)
		}
		w.reopen()
	}
	a = w.store.Account(1)
	old := w.table("Beta")
	if err := a.DeleteTable(t.Context(), "bETA"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a.DeleteTable(t.Context(), "beta"), TableNotFound)
	_, err = old.Write(t.Context(), &Op{Kind: Upsert, Entity: entity("p", "r")})
	wantCode(t, err, TableNotFound)
	wantCode(t, old.Get(t.Context(), "p", "r", &Entity{}), TableNotFound)
	wantCode(t, old.SetACL(t.Context(), nil), TableNotFound)
	if got := rows(t, w.table("Beta"), Query{}); got != nil || w.table("Beta").ACL() != nil {
		t.Errorf("a table made anew has %v", got)
	}
	if err := w.store.DeleteAccount(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	a, b = w.store.Account(1), w.store.Account(2)
	if text := a.ServiceProperties(); text != nil || names("") != nil {
		t.Errorf("a deleted account has %q and %v", text, names(""))
	}
	if _, err := b.Table("alpha"); err != nil {
		t.Errorf("another account's table: %v", err)
	}
}

// TestOrder is the order of UTF-16 units: what is beyond U+FFFF is before U+E000.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	table := w.table("Order")
	want := []string{"/", "/a", "A/", "A/A", "A/AB", "A/a", "AA/", "a/z", "é/", "\ud7ff/", "😀/", "😀a/", "\ue000/", "\uffff/"}
	for _, at := range []int{5, 3, 13, 0, 9, 11, 1, 12, 7, 2, 10, 4, 6, 8} {
		partition, row, _ := strings.Cut(want[at], "/")
		write(t, table, Insert, entity(partition, row))
	}
	if got := rows(t, table, Query{}); !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
	if got := rows(t, table, Query{Max: 1}); !slices.Equal(got, want) {
		t.Errorf("one by one %q, want %q", got, want)
	}
}

func TestQueryStopsWithItsContextAndItsBudget(t *testing.T) {
	w := newWorld(t)
	table := w.table("Budget")
	for i := range 30 {
		var ops []*Op
		for j := range MaxBatch {
			ops = append(ops, &Op{Kind: Insert, Entity: entity("p", fmt.Sprintf("%02d%02d", i, j), "B", BinaryValue(strings.Repeat("x", 3000)))})
		}
		if _, err := table.Batch(t.Context(), ops); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	next, err := table.Query(t.Context(), Query{Max: MaxPage}, func(*Entity) error { n++; return nil })
	if err != nil || n != MaxPage || next == nil || *next != (Position{"p", "1000"}) {
		t.Errorf("%d entities, then %v, %v", n, next, err)
	}
	big := Query{Max: 1 << 20}
	n = 0
	if next, err = table.Query(t.Context(), big, func(*Entity) error { n++; return nil }); err != nil || next == nil || n > maxPageBytes/3000+1 {
		t.Errorf("a page of %d entities, then %v, %v", n, next, err)
	}
	wantFault(t, w.store.Close())
	_, err = table.Write(t.Context(), &Op{Kind: Upsert, Entity: entity("p", "r")})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a write after Close: %v", err)
	}
}

func wantFault(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCodesAreOfAKind(t *testing.T) {
	for _, code := range Codes() {
		if err := codes.New(code, "x", "y"); !fault.Is(err, codes[code]) || codes[code] == fault.Internal {
			t.Errorf("%s is %v", code, fault.KindOf(err))
		}
	}
}
