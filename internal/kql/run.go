package kql

import (
	"context"
	"fmt"
	"time"
)

// query is one run of a query.
type query struct {
	ctx      context.Context
	text     string
	tables   []Tables // the first are the query's own
	now      int64    // ticks
	from, to int64    // ticks, 0 is open
	limits   Limits
	deadline time.Time

	steps, memory, scanned int64
	bound                  int // nodes and operators that were bound
	functions              map[string]*fn
	specs                  map[string]aggregateSpec
}

// Run runs the query. An *Error says what is wrong with the query, or which
// limit it met; other errors are the tables' or the context's.
func Run(ctx context.Context, tables Tables, text string, o Options) (result *Result, err error) {
	script, syntax := parse(text)
	if syntax != nil {
		return nil, syntax
	}
	q := newQuery(ctx, tables, text, o)
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			result, err = nil, r.err
		case *Error:
			result, err = nil, r
		default:
			panic(r)
		}
	}()
	b := &binder{q: q}
	return q.answer(b.script(script)), nil
}

// Check parses and binds the query without running it, except for parts whose
// values decide about types (pivot, toscalar and their like). It gives the
// columns of the answer.
func Check(ctx context.Context, tables Tables, text string, o Options) (columns []Column, err error) {
	script, syntax := parse(text)
	if syntax != nil {
		return nil, syntax
	}
	q := newQuery(ctx, tables, text, o)
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			err = r.err
		case *Error:
			err = r
		default:
			panic(r)
		}
	}()
	b := &binder{q: q}
	for _, c := range b.script(script).cols {
		columns = append(columns, Column{c.name, c.kind})
	}
	return columns, nil
}

func newQuery(ctx context.Context, tables Tables, text string, o Options) *query {
	l := o.Limits
	if l.Rows == 0 {
		l.Rows = 500_000
	}
	if l.Bytes == 0 {
		l.Bytes = 64 << 20
	}
	if l.Memory == 0 {
		l.Memory = 512 << 20
	}
	if l.Steps == 0 {
		l.Steps = 2_000_000_000
	}
	if l.Time == 0 {
		l.Time = 3 * time.Minute
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	q := &query{ctx: ctx, text: text, tables: append([]Tables{tables}, o.Also...), now: Ticks(o.Now), limits: l, deadline: time.Now().Add(l.Time)}
	if !o.From.IsZero() {
		q.from = Ticks(o.From)
	}
	if !o.To.IsZero() {
		q.to = Ticks(o.To)
	}
	return q
}

// answer runs the bound query to its end.
func (q *query) answer(r *relation) *Result {
	useAll(r.cols)
	out := &Result{Render: r.render}
	for _, c := range r.cols {
		out.Columns = append(out.Columns, Column{c.name, c.kind})
	}
	var size int64
	r.flow(func(c *Chunk) bool {
		q.tick(c.N)
		if c.N == 0 {
			return true
		}
		if out.Rows+c.N > q.limits.Rows {
			out.Partial = limitError("E_QUERY_RESULT_SET_TOO_LARGE", fmt.Sprintf("the result has more than %d rows: the rest is left out", q.limits.Rows))
			c = c.first(q.limits.Rows - out.Rows)
		}
		c = settle(c, r.cols)
		if size += c.size(); size > q.limits.Bytes {
			out.Partial = limitError("E_QUERY_RESULT_SET_TOO_LARGE", fmt.Sprintf("the result is larger than %d bytes: the rest is left out", q.limits.Bytes))
		}
		if out.Partial == nil || out.Partial != nil && size <= q.limits.Bytes {
			out.Rows += c.N
			out.Chunks = append(out.Chunks, c)
		}
		return out.Partial == nil
	})
	out.Scanned = q.scanned
	return out
}

// first is the chunk's first n rows.
func (c *Chunk) first(n int) *Chunk {
	if n >= c.N {
		return c
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return c.pick(rows)
}

// tick counts the work of n rows and ends the query at its limits.
func (q *query) tick(n int) {
	if err := q.ctx.Err(); err != nil {
		panic(stop{context.Cause(q.ctx)})
	}
	q.steps += int64(n)
	if q.steps > q.limits.Steps {
		panic(limitError("E_RUNAWAY_QUERY", fmt.Sprintf("the query handles more than %d rows in all", q.limits.Steps)))
	}
	if time.Now().After(q.deadline) {
		panic(limitError("E_QUERY_TIMEOUT", fmt.Sprintf("the query takes longer than %s", q.limits.Time)))
	}
}

// hold counts memory that operators keep.
func (q *query) hold(bytes int64) {
	q.memory += bytes
	if q.memory > q.limits.Memory {
		panic(limitError("E_RUNAWAY_QUERY", fmt.Sprintf("the query holds more than %d MB at once: narrow it with where, or aggregate earlier", q.limits.Memory>>20)))
	}
}

func limitError(code, message string) *Error {
	return &Error{Class: LimitError, Code: code, Message: message}
}
