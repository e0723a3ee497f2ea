package cosmossql

import (
	"context"
	"errors"
)

// Query is a parsed query. It is immutable and may be compiled many times.
type Query struct{ text string }

// Parse reads one query. Its error is a *SyntaxError.
func Parse(text string) (*Query, error) { return &Query{text: text}, nil }

// Features says what the query uses.
func (q *Query) Features() Features { return Features{} }

// Compile binds the query's names and parameters and chooses the access path.
// params maps "@name" to a JSON value. Its error is a *SyntaxError.
func Compile(q *Query, params map[string][]byte, info SourceInfo) (*Plan, error) {
	return &Plan{}, nil
}

// Plan is a query that is ready to run, any number of times and concurrently.
type Plan struct{}

// Explain says how the plan reaches, filters, sorts and limits its rows.
func (p *Plan) Explain() string { return "" }

// Run computes one page. Errors: *SyntaxError never; ErrContinuation; a
// fault.TooLarge when the query would hold too much in memory; the source's own.
func (p *Plan) Run(ctx context.Context, src Source, opts RunOptions) (*Page, error) {
	return nil, errors.New("no engine yet")
}

// EvalCondition evaluates a patch condition, "FROM c WHERE …", on one document.
func EvalCondition(text string, doc []byte) (bool, error) { return false, nil }
