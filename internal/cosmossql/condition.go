package cosmossql

import (
	"context"
	"time"
)

// EvalCondition evaluates a patch condition, "FROM c WHERE …", on one document.
// The SELECT clause may be there or not. Only true is true. Errors are
// *SyntaxError, or a fault when the evaluation goes beyond its limits.
func EvalCondition(text string, doc []byte) (bool, error) {
	q, err := parseCondition(text)
	if err != nil {
		return false, err
	}
	b := &binder{text: text, params: map[string]value{}}
	root := b.block(q, nil, true, true)
	if b.err != nil {
		return false, b.err
	}
	planBlock(root, SourceInfo{})
	r := &running{ctx: context.Background(), src: oneDocument(doc), now: time.Now(), way: -1}
	f := &frame{slots: make([]value, b.slots), aggs: make([]value, b.aggs), run: r}
	met := false
	root.each(f, func(value) bool {
		met = true
		return false
	})
	return met && r.err == nil, r.err
}

// parseCondition reads a query whose SELECT may be missing.
func parseCondition(text string) (*selectNode, error) {
	p := newParser(text)
	q := &selectNode{}
	if p.tok.is("SELECT") {
		q = p.query()
	} else {
		q.value = &litNode{val: trueValue}
		p.expect("FROM")
		q.from = []fromNode{p.source()}
		p.expect("WHERE")
		q.where = p.expr()
	}
	if p.err == nil && p.tok.kind != tokEOF {
		p.unexpected("an operator or the end of the condition")
	}
	if p.err != nil {
		return nil, p.err
	}
	return q, nil
}

// oneDocument is a Source of a single document.
type oneDocument []byte

// Scan yields the document.
func (d oneDocument) Scan(context.Context, Access) (Rows, error) { return &oneRow{doc: d}, nil }

// Count is 1.
func (d oneDocument) Count(context.Context, Access, int64) (int64, error) { return 1, nil }

type oneRow struct {
	doc  []byte
	done bool
}

// Next yields the document once.
func (r *oneRow) Next(row *Row) (bool, error) {
	ok := !r.done
	r.done = true
	row.Doc = r.doc
	return ok, nil
}

// Position is the only one there is.
func (r *oneRow) Position() []byte { return []byte{0} }

// Close has nothing to do.
func (r *oneRow) Close() error { return nil }
