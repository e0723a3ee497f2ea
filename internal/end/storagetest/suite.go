// Package storagetest is the suites that every service of queues, blobs and tables must
// pass as functions reach them: those of this process, and those over the official
// clients.
package storagetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/end/tables"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// patience bounds each suite.
const patience = 20 * time.Second

func fine(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func is(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

// Queues checks what package queues promises of a service. c leads to an empty account.
func Queues(t *testing.T, s queues.Service, c settings.Connection) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := s.Open(ctx, c, "work", queues.Process)
	is(t, "open what is not there", err, fault.NotFound)
	awaited := make(chan error, 1)
	go func() { awaited <- s.Await(ctx, c, "work") }()
	_, err = s.Need(ctx, c, "work", queues.Send)
	fine(t, "make", err)
	q, err := s.Need(ctx, c, "work", queues.Process)
	fine(t, "make again", err)
	fine(t, "await", <-awaited)
	if got, err := q.Get(ctx, 1, time.Minute); err != nil || len(got) != 0 {
		t.Errorf("of an empty queue: %v, %v", got, err)
	}
	fine(t, "put", q.Put(ctx, []byte("a <&> b"), 0))
	fine(t, "put for ever", q.Put(ctx, []byte("for ever"), -1))
	fine(t, "wait for a message", q.Arrival(ctx, time.Second))
	got, err := q.Get(ctx, 5, time.Minute)
	fine(t, "get", err)
	if len(got) != 2 || string(got[0].Text) != "a <&> b" || got[0].Dequeued != 1 || got[0].Expires.IsZero() || !got[1].Expires.IsZero() || got[0].Inserted.IsZero() {
		t.Fatalf("got %+v", got)
	}
	m := &got[0]
	fresh, err := q.Hide(ctx, m, m.Receipt, 0)
	fine(t, "give back", err)
	_, err = q.Hide(ctx, m, m.Receipt, time.Minute)
	is(t, "hide by an old receipt", err, fault.Gone)
	is(t, "remove by an old receipt", q.Remove(ctx, m.ID, m.Receipt), fault.Gone)
	again, err := q.Get(ctx, 5, time.Minute)
	fine(t, "get again", err)
	if len(again) != 1 || string(again[0].Text) != "a <&> b" || again[0].Dequeued != 2 || again[0].Receipt == fresh {
		t.Fatalf("got again %+v", again)
	}
	fine(t, "remove", q.Remove(ctx, again[0].ID, again[0].Receipt))
	is(t, "remove twice", q.Remove(ctx, again[0].ID, again[0].Receipt), fault.Gone)
	if n, err := q.Length(ctx); err != nil || n != 1 {
		t.Errorf("length %d, %v", n, err)
	}
	ended, end := context.WithTimeout(ctx, 10*time.Millisecond)
	defer end()
	if err := q.Arrival(ended, time.Minute); err == nil {
		for err == nil { // the first waits are short
			err = q.Arrival(ended, time.Minute)
		}
	}
}

// Blobs checks what package blobs promises of a service. c leads to an empty account.
func Blobs(t *testing.T, s blobs.Service, c settings.Connection) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := s.Open(ctx, c, "inbox", blobs.Read)
	is(t, "open what is not there", err, fault.NotFound)
	awaited := make(chan error, 1)
	go func() { awaited <- s.Await(ctx, c, "inbox") }()
	_, err = s.Need(ctx, c, "inbox", blobs.Write)
	fine(t, "make", err)
	in, err := s.Need(ctx, c, "inbox", blobs.Write)
	fine(t, "make again", err)
	fine(t, "await", <-awaited)
	if in.Account() == "" || !strings.HasSuffix(in.URL("a b/c"), "/inbox/a%20b/c") {
		t.Errorf("account %q, URL %s", in.Account(), in.URL("a b/c"))
	}
	for _, name := range []string{"a", "d/b", "c"} {
		fine(t, "write", in.Write(ctx, name, []byte("of "+name)))
	}
	found, at := changes(t, ctx, in, 0, 2)
	if found != "a c d/b" {
		t.Errorf("changes %s", found)
	}
	if none, _ := changes(t, ctx, in, at, 2); none != "" {
		t.Errorf("changes after them %s", none)
	}
	fine(t, "write again", in.Write(ctx, "c", []byte("another")))
	fine(t, "wait", in.WaitChange(ctx, at))
	for found, at = changes(t, ctx, in, at, 2); found == ""; found, at = changes(t, ctx, in, at, 2) {
		fine(t, "wait longer", in.WaitChange(ctx, at))
	}
	if found != "c" {
		t.Errorf("changes after one more %s", found)
	}
	content, info, err := in.Read(ctx, "c", "")
	if err != nil || string(content) != "another" || info.Size != 7 || info.Blob != "c" || info.Properties.ContentType != "application/octet-stream" || info.Modified.IsZero() {
		t.Errorf("read %q, %+v, %v", content, info, err)
	}
	if _, _, err := in.Read(ctx, "c", info.ETag); err != nil {
		t.Errorf("read the state that it has: %v", err)
	}
	_, old, err := in.Read(ctx, "a", "")
	fine(t, "read another", err)
	_, _, err = in.Read(ctx, "c", old.ETag)
	is(t, "read another state", err, fault.PreconditionFailed)
	_, _, err = in.Read(ctx, "none", "")
	is(t, "read nothing", err, fault.NotFound)
	_, err = in.Info(ctx, "none")
	is(t, "look at nothing", err, fault.NotFound)
}

// changes are the names of all changes after a position.
func changes(t *testing.T, ctx context.Context, c blobs.Container, after objectstore.Position, most int) (string, objectstore.Position) {
	t.Helper()
	var names []string
	for {
		got, upTo, err := c.Changes(ctx, after, most)
		fine(t, "changes", err)
		for _, g := range got {
			names = append(names, g.Info.Blob)
		}
		after = upTo
		if len(got) < most {
			slices.Sort(names)
			return strings.Join(names, " "), after
		}
	}
}

// Tables checks what package tables promises of a service. c leads to an empty account.
func Tables(t *testing.T, s tables.Service, c settings.Connection) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := s.Open(ctx, c, "Rows", tables.Read)
	is(t, "open what is not there", err, fault.NotFound)
	_, err = s.Need(ctx, c, "Rows", tables.Add)
	fine(t, "make", err)
	rows, err := s.Need(ctx, c, "Rows", tables.Add, tables.Change)
	fine(t, "make again", err)
	_, err = rows.Get(ctx, "p", "1")
	is(t, "read nothing", err, fault.NotFound)
	moment := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	full := entity("p", "it's 1",
		tablestore.StringValue("a \"b\" ü"), tablestore.BoolValue(true), tablestore.Int32Value(-7), tablestore.Int64Value(math.MaxInt64),
		tablestore.DoubleValue(2), tablestore.DoubleValue(0.5), tablestore.DoubleValue(math.Inf(-1)), tablestore.DateTimeValue(tablestore.TicksOf(moment)),
		tablestore.GUIDValue([16]byte{1, 2, 3}), tablestore.BinaryValue("\x00\xff"))
	fine(t, "insert", rows.Write(ctx, []*tablestore.Op{{Kind: tablestore.Insert, Entity: full}}))
	is(t, "insert twice", rows.Write(ctx, []*tablestore.Op{{Kind: tablestore.Insert, Entity: full}}), fault.Conflict)
	got, err := rows.Get(ctx, "p", "it's 1")
	fine(t, "read", err)
	for _, p := range full.Properties {
		if v := got.Lookup(p.Name); v != p.Value {
			t.Errorf("%s is %v of type %v, want %v of type %v", p.Name, v, v.Type(), p.Value, p.Value.Type())
		}
	}
	var more []*tablestore.Op
	for i := range 5 {
		more = append(more, &tablestore.Op{Kind: tablestore.Insert, Entity: entity("q", fmt.Sprint(i), tablestore.Int32Value(int32(i)))})
	}
	fine(t, "insert together", rows.Write(ctx, more))
	is(t, "insert together what is there", rows.Write(ctx, append(more[:1:1], &tablestore.Op{Kind: tablestore.Insert, Entity: entity("q", "9")})), fault.Conflict)
	is(t, "what came with it", second(rows.Get(ctx, "q", "9")), fault.NotFound)
	fine(t, "replace or insert", rows.Write(ctx, []*tablestore.Op{{Kind: tablestore.Upsert, Entity: entity("q", "4", tablestore.Int32Value(40))}}))
	fine(t, "replace", rows.Write(ctx, []*tablestore.Op{{Kind: tablestore.Replace, Entity: entity("q", "3", tablestore.Int32Value(30))}}))
	stale := tablestore.TicksOf(moment)
	is(t, "replace another state", rows.Write(ctx, []*tablestore.Op{{Kind: tablestore.Replace, Entity: entity("q", "3"), IfMatch: stale}}), fault.PreconditionFailed)
	for filter, want := range map[string]string{
		"PartitionKey eq 'q'":                         "0 1 2 3 4",
		"PartitionKey eq 'q' and P0 ge 30":            "3 4",
		"PartitionKey eq 'p' and RowKey eq 'it''s 1'": "it's 1",
		"": "it's 1 0 1 2 3 4",
	} {
		if found := query(t, ctx, rows, filter, 0); found != want {
			t.Errorf("%q: %s, want %s", filter, found, want)
		}
	}
	if found := query(t, ctx, rows, "", 3); found != "it's 1 0 1" {
		t.Errorf("three: %s", found)
	}
	err = rows.Query(ctx, "what is", 0, func(*tablestore.Entity) error { return nil })
	is(t, "a filter that is none", err, fault.Invalid)
}

func second[T any](_ T, err error) error { return err }

func entity(partition, row string, values ...tablestore.Value) tablestore.Entity {
	e := tablestore.Entity{PartitionKey: partition, RowKey: row}
	for i, v := range values {
		e.Properties = append(e.Properties, tablestore.Property{Name: fmt.Sprint("P", i), Value: v})
	}
	return e
}

func query(t *testing.T, ctx context.Context, in tables.Table, filter string, most int) string {
	t.Helper()
	var found []string
	err := in.Query(ctx, filter, most, func(e *tablestore.Entity) error {
		found = append(found, e.RowKey)
		return nil
	})
	fine(t, "query "+filter, err)
	return strings.Join(found, " ")
}
