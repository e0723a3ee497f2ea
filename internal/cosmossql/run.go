package cosmossql

import (
	"context"
	"time"
)

// Run computes one page. Its errors are ErrContinuation (as fault.Invalid), a
// fault.TooLarge when the query would hold too much in memory, the context's and
// the source's own.
func (p *Plan) Run(ctx context.Context, src Source, opts RunOptions) (*Page, error) {
	t, err := decodeToken(opts.Continuation, p.hash)
	if err != nil {
		return nil, err
	}
	r := &running{ctx: ctx, src: src, now: opts.Now, way: t.way, small: p.small}
	if r.now.IsZero() {
		r.now = time.Now()
	}
	f := &frame{slots: make([]value, p.slots), aggs: make([]value, p.aggs), run: r}
	out := newPager(opts)
	if p.root.take != 0 {
		p.run(f, t, out)
	}
	if r.err != nil {
		return nil, r.err
	}
	out.page.Stats = r.stats
	return &out.page, nil
}

func (p *Plan) run(f *frame, t *bookmark, out *pager) {
	if p.mode != modeRows || t.kind == tokenCount {
		p.collect(f, t, out)
		return
	}
	if !p.root.passes(f, -1) {
		return
	}
	acc := p.root.from[0].choices
	w := &acc.ways[acc.choose(f.run)]
	switch {
	case f.run.err != nil:
	case len(p.root.order) > 0 && !w.ordered:
		p.sort(f, w, t, out)
	default:
		p.stream(f, w, t, out)
	}
}

// next is the token of the following page.
func (p *Plan) next(r *running, kind resumeKind) *bookmark {
	return &bookmark{hash: p.hash, kind: kind, way: max(r.way, 0)}
}
