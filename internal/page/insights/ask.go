package insights

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of what the pages ask.
const (
	atOnce  = 4 // queries that run
	patient = 10 * time.Second
	longest = 30 * time.Second // of a page's own query
	most    = 64 << 20         // bytes of memory
)

// ask is what a request of a page is about.
type ask struct {
	component string // its name; "": all of them
	from, to  time.Time
}

// asked reads component, from and to (unix milliseconds) of a request.
func asked(r *http.Request) (a ask, err error) {
	a.component = r.URL.Query().Get("component")
	for name, to := range map[string]*time.Time{"from": &a.from, "to": &a.to} {
		ms, err := portal.Number(r, name, 0)
		if err != nil {
			return a, err
		}
		if ms > 0 {
			*to = time.UnixMilli(ms)
		}
	}
	return a, nil
}

// run runs a query of the page's own.
func (p page) run(ctx context.Context, a ask, text string) (*kql.Result, error) {
	return p.runWith(ctx, a, text, kql.Limits{Time: longest, Memory: 4 * most, Bytes: most})
}

// runWith runs a query over the components that are asked.
func (p page) runWith(ctx context.Context, a ask, text string, limits kql.Limits) (*kql.Result, error) {
	tables, also, err := p.tables(a.component)
	if err != nil {
		return nil, err
	}
	if err := p.turn(ctx); err != nil {
		return nil, err
	}
	defer func() { <-p.running }()
	result, err := kql.Run(ctx, tables, text, kql.Options{From: a.from, To: a.to, Also: also, Limits: limits})
	if err != nil && ctx.Err() != nil {
		return nil, gone()
	}
	return result, err
}

func gone() error { return fault.New(fault.Unavailable, "query", "nobody waits for it any more") }

// turn waits until a query may run.
func (p page) turn(ctx context.Context) error {
	limit := time.NewTimer(patient)
	defer limit.Stop()
	select {
	case p.running <- struct{}{}:
		return nil
	case <-limit.C:
		return fault.New(fault.Throttled, "query", "%d others run", atOnce)
	case <-ctx.Done():
		return gone()
	}
}

// tables are those of a component, or of the first and of all others.
func (p page) tables(component string) (first kql.Tables, also []kql.Tables, err error) {
	all, err := p.Components()
	if err != nil {
		return nil, nil, err
	}
	for _, c := range all {
		switch {
		case component != "" && !strings.EqualFold(c.Name, component):
		case first == nil:
			first = c.Tables()
			if component != "" {
				return first, nil, nil // the first of a name
			}
		default:
			also = append(also, c.Tables())
		}
	}
	if first == nil {
		return nil, nil, fault.New(fault.NotFound, cmp.Or(component, "component"), "there is no such component")
	}
	return first, also, nil
}

// placed tells the portal where in a query an error is.
func placed(text string, err error) error {
	var wrong *kql.Error
	if !errors.As(err, &wrong) || wrong.Line == 0 {
		return err
	}
	return &portal.SyntaxError{Message: wrong.Message, Place: placeOf(text, wrong)}
}

func placeOf(text string, e *kql.Error) portal.Place {
	at := portal.Place{Line: e.Line, Col: e.Pos}
	for range e.Line - 1 {
		at.Start += strings.IndexByte(text[at.Start:], '\n') + 1
	}
	for range e.Pos - 1 {
		_, n := utf8.DecodeRuneInString(text[at.Start:])
		at.Start += n
	}
	at.End = at.Start
	if strings.HasPrefix(text[at.Start:], e.Token) {
		at.End += len(e.Token)
	}
	return at
}
