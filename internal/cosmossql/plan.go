package cosmossql

import (
	"crypto/sha256"
	"maps"
	"slices"
)

// Plan is a query that is ready to run, any number of times and concurrently.
type Plan struct {
	root  *block
	slots int
	aggs  int
	mode  mode
	hash  [8]byte // of the query, its parameters and the plan, for continuations
	text  string
	small int64 // running.small
}

// mode is how a plan makes pages.
type mode uint8

const (
	// modeRows walks over documents. If the walk gives the order, or none is
	// asked, rows are emitted as documents come and a page resumes where the walk
	// was; else the page's rows are kept by their sort keys and the next page
	// begins behind the last row's keys.
	modeRows mode = iota
	// modeCollect computes everything on each page and skips what was given:
	// groups, DISTINCT and sources that are subqueries.
	modeCollect
	// modeCount answers COUNT from the source's counters.
	modeCount
	// modeKeys groups by a path along its index, without documents.
	modeKeys
	// modeEdges answers MIN and MAX from the ends of indexes.
	modeEdges
)

// Compile binds the query's names and parameters and chooses the access path.
// params maps "@name" to a JSON value. Its error is a *SyntaxError.
func Compile(q *Query, params map[string][]byte, info SourceInfo) (*Plan, error) {
	b := &binder{text: q.text, params: map[string]value{}}
	for name, raw := range params {
		v, ok := parseJSON(raw)
		if !ok {
			return nil, errorAt(q.text, span{}, codeParameter, "The value of the parameter '%s' is not JSON, or has a number that no double holds", name)
		}
		b.params[name] = v
	}
	root := b.block(q.root, nil, true, true)
	if b.err != nil {
		return nil, b.err
	}
	p := &Plan{root: root, slots: b.slots, aggs: b.aggs, text: q.text, small: smallSource}
	planBlock(root, info)
	p.mode = chooseMode(root)
	p.hash = queryHash(q.text, params, p.Explain())
	return p, nil
}

// queryHash tells queries apart in continuations, and plans of one query too: a
// position is worth nothing along another index.
func queryHash(text string, params map[string][]byte, plan string) [8]byte {
	h := sha256.New()
	h.Write(appendCounted(nil, []byte(plan)))
	h.Write(appendCounted(nil, []byte(text)))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		h.Write(appendCounted(nil, []byte(name)))
		h.Write(appendCounted(nil, params[name]))
	}
	return [8]byte(h.Sum(nil))
}

// chooseMode finds the cheapest mode that fits the block.
func chooseMode(b *block) mode {
	direct := len(b.from) > 0 && b.from[0].kind == fromContainer
	for i := 1; i < len(b.from); i++ {
		if q := b.from[i].query; q != nil && readsContainer(q) {
			direct = false
		}
	}
	switch {
	case !direct || b.distinct:
		return modeCollect
	case b.group != nil:
		return groupMode(b)
	}
	return modeRows
}

// readsContainer says whether the block or one it selects from does.
func readsContainer(b *block) bool {
	return len(b.from) > 0 && (b.from[0].kind == fromContainer || b.from[0].query != nil && readsContainer(b.from[0].query))
}

// groupMode finds groupings that need no documents.
func groupMode(b *block) mode {
	onlyCount := len(b.from) == 1
	for _, a := range b.group.aggs {
		c, isConst := a.arg.(*constExpr)
		onlyCount = onlyCount && a.fn == "COUNT" && isConst && c.val.defined()
	}
	acc := b.from[0].choices
	switch {
	case acc.edges != nil:
		return modeEdges
	case !onlyCount:
	case len(b.group.keys) == 0 && acc.ways[0].exact:
		return modeCount
	case acc.keyWalk != nil:
		return modeKeys
	}
	return modeCollect
}
