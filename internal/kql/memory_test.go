package kql

import (
	"context"
	"iter"
	"testing"
	"time"
)

// testNow is the moment of now() in tests.
var testNow = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// memory is Tables of chunks in memory.
type memory struct {
	names  []string
	tables map[string]*memoryTable
	others map[string]*memory
}

type memoryTable struct {
	columns []Column
	time    int
	chunks  []*Chunk
	asked   []Ask // what queries asked
}

func (m *memory) Table(name string) (Table, bool) {
	t, ok := m.tables[name]
	return t, ok
}

func (m *memory) Names() []string { return m.names }

func (m *memory) Other(kind, name string) (Tables, bool) {
	o, ok := m.others[kind+" "+name]
	return o, ok
}

func (t *memoryTable) Columns() []Column { return t.columns }
func (t *memoryTable) Time() int         { return t.time }

func (t *memoryTable) Scan(_ context.Context, ask Ask) iter.Seq2[*Chunk, error] {
	t.asked = append(t.asked, ask)
	return func(yield func(*Chunk, error) bool) {
		for _, c := range t.chunks {
			out := &Chunk{N: c.N}
			for _, i := range ask.Columns {
				out.Columns = append(out.Columns, c.Columns[i])
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

func (m *memory) add(name string, r *Result) {
	t := &memoryTable{columns: r.Columns, time: -1, chunks: r.Chunks}
	for i, c := range r.Columns {
		if c.Name == "timestamp" {
			t.time = i
		}
	}
	m.names = append(m.names, name)
	m.tables[name] = t
}

// sampleTables are the small tables of testdata/tables.kql.
func sampleTables(t testing.TB) *memory {
	t.Helper()
	m := loadTables(t, "testdata/tables.kql")
	m.others["app shop"] = m
	m.others["workspace lab"] = m
	return m
}
