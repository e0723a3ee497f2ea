package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// chunkRows is how many rows a chunk has: a multiple of 64, so that bitmaps are
// cut between words.
const chunkRows = 8 << 10

// scan is one walk over a table: the blocks as they were when it began.
type scan struct {
	table *table
	ask   kql.Ask
	words []uint64 // hashes of the words that rows must have
	parts []part
}

// part is a block that is walked: one in a segment, or one in memory.
type part struct {
	store    *Store
	stored   *stored
	memory   *block // a copy whose slices end where the scan does
	from, to int64
}

func newScan(t *table, ask kql.Ask) *scan {
	s := &scan{table: t, ask: ask}
	for _, term := range ask.Terms {
		if c := t.view.Columns[term.Column]; c.From == item.Stored && t.schema.Fields[c.Field].Name != itemID {
			s.words = append(s.words, required(term)...)
		}
	}
	for _, st := range t.stores {
		s.parts = st.hold(t.schema.Type, s.parts)
	}
	slices.SortStableFunc(s.parts, func(a, b part) int {
		if ask.Newest {
			return cmp.Compare(b.to, a.to)
		}
		return cmp.Compare(a.from, b.from)
	})
	return s
}

// itemID is the field that is computed where nobody gave one.
const itemID = "itemId"

// hold returns the blocks of a table at this moment. The segments stay until
// release.
func (s *Store) hold(t item.Type, parts []part) []part {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		for _, b := range seg.blocks {
			if b.schema.Type == t {
				seg.readers++
				parts = append(parts, part{store: s, stored: b, from: b.from, to: b.to})
			}
		}
	}
	for _, g := range []*group{s.sealing, s.open} {
		if g != nil && g.blocks[t] != nil && g.blocks[t].rows > 0 {
			b := g.blocks[t].snapshot()
			parts = append(parts, part{store: s, memory: b, from: b.from, to: b.to})
		}
	}
	return parts
}

// snapshot is the block as it is now: the writer only appends behind it.
func (b *block) snapshot() *block {
	out := &block{schema: b.schema, rows: b.rows, from: b.from, to: b.to, numbers: b.numbers[:b.rows:b.rows]}
	out.columns = make([]column, len(b.columns))
	for k := range b.columns {
		c := &b.columns[k]
		out.columns[k] = column{texts: c.texts, codes: c.codes, ints: c.ints, reals: c.reals, index: c.index}
	}
	return out
}

// release lets the segments go; what was dropped meanwhile is deleted.
func (s *scan) release() {
	for _, p := range s.parts {
		if p.stored == nil {
			continue
		}
		seg := p.stored.segment
		p.store.mu.Lock()
		seg.readers--
		unused := seg.gone && seg.readers == 0
		p.store.mu.Unlock()
		if unused {
			p.store.remove(seg.path)
		}
	}
}

func (s *scan) run(ctx context.Context, yield func(*kql.Chunk, error) bool) {
	for r := range s.read(ctx) {
		if r.err != nil {
			yield(nil, r.err)
			return
		}
		for at := 0; at < r.rows; at += chunkRows {
			n := min(chunkRows, r.rows-at)
			c := &kql.Chunk{N: n, Columns: make([]*kql.Vector, len(r.columns))}
			for i, column := range r.columns {
				c.Columns[i] = column.chunk(at, n)
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// ready is a part whose columns have been read.
type ready struct {
	columns []*lazy
	rows    int
	err     error // of the whole scan
}

// read gives the parts that are needed, one after another. Who wants all of
// them gets them read ahead, on another processor; who may stop early does not.
func (s *scan) read(ctx context.Context) iter.Seq[ready] {
	if s.ask.Newest || s.ask.Floor != nil || len(s.parts) < 2 {
		return func(yield func(ready) bool) {
			for _, p := range s.parts {
				if !s.prepare(ctx, p, yield) {
					return
				}
			}
		}
	}
	return func(yield func(ready) bool) {
		ahead, stop := make(chan ready), make(chan struct{})
		var reader sync.WaitGroup
		reader.Go(func() {
			defer close(ahead)
			give := func(r ready) bool {
				for _, l := range r.columns {
					if l.eager {
						l.whole() //nolint:errcheck // whoever loads it gets the error
					}
				}
				select {
				case ahead <- r:
					return true
				case <-stop:
					return false
				}
			}
			for _, p := range s.parts {
				if !s.prepare(ctx, p, give) {
					return
				}
			}
		})
		defer reader.Wait()
		defer close(stop)
		for r := range ahead {
			if !yield(r) {
				return
			}
		}
	}
}

// prepare reads the columns of a part, if it is needed, and reports whether to
// go on.
func (s *scan) prepare(ctx context.Context, p part, yield func(ready) bool) bool {
	if ctx.Err() != nil {
		yield(ready{err: context.Cause(ctx)})
		return false
	}
	if s.passes(p) {
		return true
	}
	columns, rows, err := s.columns(p)
	if err != nil {
		p.store.pass(p.stored, err)
		return true
	}
	return rows == 0 || yield(ready{columns: columns, rows: rows})
}

// passes reports whether no row of a part is needed, by its times.
func (s *scan) passes(p part) bool {
	return s.ask.From != 0 && p.to < s.ask.From || s.ask.To != 0 && p.from >= s.ask.To ||
		s.ask.Floor != nil && p.to < s.ask.Floor()
}

// columns prepares the columns of a part; no rows if no word of theirs is there.
func (s *scan) columns(p part) ([]*lazy, int, error) {
	if p.memory != nil {
		out := make([]*lazy, len(s.ask.Columns))
		for i, at := range s.ask.Columns {
			out[i] = s.inMemory(p, s.table.view.Columns[at])
		}
		return out, p.memory.rows, nil
	}
	b := p.stored
	if b.damaged.Load() {
		return nil, 0, nil
	}
	f, err := b.segment.fs.Open(b.segment.path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if may, err := b.may(f, s.words); err != nil || !may {
		return nil, 0, err
	}
	out := make([]*lazy, len(s.ask.Columns))
	for i, at := range s.ask.Columns {
		if out[i], err = s.onDisk(p, f, s.table.view.Columns[at]); err != nil {
			return nil, 0, err
		}
	}
	return out, b.rows, nil
}

// pass counts a block that cannot be read, once, and names it.
func (s *Store) pass(b *stored, err error) {
	if b.damaged.Swap(true) {
		return
	}
	s.damage(1, int64(b.rows), &vfs.Damage{
		File: b.segment.path, Position: -1, Reason: fmt.Sprintf("%s in it: %v", b.schema.Classic.Name, err),
		Remedy: "its rows of that table are passed over",
	})
}

// lazy is a column of a part that is read when it is first needed.
type lazy struct {
	kind kql.Kind
	same *kql.Vector // of a column with one value
	load func() (*kql.Vector, error)
	// eager is a column that is read ahead: one that is small, or that a condition
	// is about.
	eager bool

	once sync.Once
	all  *kql.Vector
	err  error
}

func (l *lazy) whole() (*kql.Vector, error) {
	l.once.Do(func() { l.all, l.err = l.load(); l.load = nil })
	return l.all, l.err
}

// chunk is n rows of the column.
func (l *lazy) chunk(at, n int) *kql.Vector {
	if l.same != nil {
		return l.same
	}
	return &kql.Vector{Kind: l.kind, Load: func() (*kql.Vector, error) {
		all, err := l.whole()
		if err != nil || all.Same {
			return all, err
		}
		v := &kql.Vector{Kind: all.Kind, Texts: all.Texts}
		switch {
		case all.Ints != nil:
			v.Ints = all.Ints[at : at+n]
		case all.Reals != nil:
			v.Reals = all.Reals[at : at+n]
		case all.Codes != nil:
			v.Codes = all.Codes[at : at+n]
		default:
			v.Texts = all.Texts[at : at+n]
		}
		if all.Nulls != nil {
			v.Nulls = all.Nulls[at/64 : (at+n+63)/64]
		}
		return v, nil
	}}
}

// fixed is a column whose rows all have one text.
func fixed(kind kql.Kind, text string) *lazy {
	v := &kql.Vector{Kind: kind, Same: true}
	switch kind {
	case kql.Real:
		v.Reals = []float64{0}
	default:
		v.Texts = []string{text}
	}
	return &lazy{kind: kind, same: v}
}

// inMemory is a column of a block that is in memory.
func (s *scan) inMemory(p part, c item.Column) *lazy {
	if c.From != item.Stored {
		return fixed(kinds[c.Kind], p.store.constant(s.table.schema, c.From))
	}
	b := p.memory
	l := &lazy{kind: kinds[c.Kind]}
	l.load = func() (*kql.Vector, error) {
		col := &b.columns[c.Field]
		v := values{ints: col.ints, reals: col.reals, texts: col.texts, codes: col.codes}
		if v.texts != nil && v.codes == nil {
			v.texts, v.same = v.texts[:1], true
		}
		if len(v.codes) > 0 && (col.index == nil || len(v.texts) > len(v.codes)/4 && len(v.texts) > 64) {
			v.texts, v.codes = each(v.texts, v.codes), nil
		}
		if s.table.schema.Fields[c.Field].Name == itemID {
			v = p.store.ids(v, b.numbers, false)
		}
		return vector(v, c.Kind), nil
	}
	return l
}

func each(dict []string, codes []uint32) []string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = dict[code]
	}
	return out
}

// onDisk is a column of a block in a segment: its bytes are read and checked
// now, and unpacked when they are needed.
func (s *scan) onDisk(p part, f vfs.File, c item.Column) (*lazy, error) {
	kind := kinds[c.Kind]
	if c.From != item.Stored {
		return fixed(kind, p.store.constant(s.table.schema, c.From)), nil
	}
	b, field := p.stored, &s.table.schema.Fields[c.Field]
	where := b.columns[c.Field]
	if where.at == 0 { // a field that is younger than the file
		return missing(c.Kind), nil
	}
	payload, err := where.read(f)
	if err != nil {
		return nil, err
	}
	var numbers []byte
	if field.Name == itemID {
		if numbers, err = b.numbers.read(f); err != nil {
			return nil, err
		}
	}
	l := &lazy{kind: kind, eager: where.coding != eachText || s.tested(c)}
	l.load = func() (*kql.Vector, error) {
		v, err := decode(where, stores(field.Kind), b.rows, payload, p.store.unpack)
		if err != nil {
			return nil, fmt.Errorf("%s, column %s: %w", b.segment.path, c.Name, err)
		}
		if numbers != nil {
			n, err := decode(b.numbers, ints, b.rows, numbers, p.store.unpack)
			if err != nil {
				return nil, fmt.Errorf("%s, column %s: %w", b.segment.path, c.Name, err)
			}
			v = p.store.ids(v, n.ints, n.same)
		}
		return vector(v, c.Kind), nil
	}
	if where.coding == sameText || where.coding == sameInt {
		if field.Name != itemID {
			same, err := l.whole()
			if err != nil {
				return nil, err
			}
			l.same = same
		}
	}
	return l, nil
}

// tested reports whether a condition is about a column.
func (s *scan) tested(c item.Column) bool {
	return slices.ContainsFunc(s.ask.Terms, func(t kql.Term) bool { return s.table.view.Columns[t.Column].Name == c.Name })
}

// missing is a column that an old file does not have: null, or "".
func missing(kind item.Kind) *lazy {
	l := fixed(kinds[kind], "")
	switch stores(kind) {
	case ints:
		l.same.Texts, l.same.Ints = nil, []int64{0}
		l.same.Nulls = kql.Bitmap{1}
	case reals:
		l.same.Nulls = kql.Bitmap{1}
	case texts:
		if kind == item.Bool {
			l.same.Texts, l.same.Ints = nil, []int64{0}
			l.same.Nulls = kql.Bitmap{1}
		}
	}
	return l
}

// vector is a column as queries have it.
func vector(v values, kind item.Kind) *kql.Vector {
	out := &kql.Vector{Kind: kinds[kind], Same: v.same}
	switch {
	case kind == item.Bool: // stored as texts
		out.Ints = flags(v)
	case stores(kind) == texts:
		out.Texts, out.Codes = v.texts, v.codes
	case stores(kind) == reals:
		out.Reals = v.reals
		for i, r := range v.reals {
			if isNull(r) {
				out.Nulls = setNull(out.Nulls, i, len(v.reals))
			}
		}
	default:
		out.Ints = v.ints
		for i, n := range v.ints {
			if n == nullInt {
				out.Nulls = setNull(out.Nulls, i, len(v.ints))
			}
		}
	}
	return out
}

func setNull(b kql.Bitmap, i, n int) kql.Bitmap {
	if b == nil {
		b = kql.NewBitmap(n)
	}
	b.Set(i)
	return b
}

// flags are the bools that are stored as texts.
func flags(v values) []int64 {
	truth := make([]int64, len(v.texts))
	for i, text := range v.texts {
		if text == yes {
			truth[i] = 1
		}
	}
	if v.codes == nil {
		return truth
	}
	out := make([]int64, len(v.codes))
	for i, code := range v.codes {
		out[i] = truth[code]
	}
	return out
}

// ids are item ids: those that items came with, and for the others one that is
// made of the store's salt and the row's sequence number, like a GUID.
func (s *Store) ids(given values, numbers []int64, oneRow bool) values {
	n := len(numbers)
	out := values{texts: make([]string, n), same: oneRow}
	made := make([]byte, 0, guidSize*n) // one piece of memory for all
	for i, number := range numbers {
		switch {
		case given.same:
			out.texts[i] = given.texts[0]
		case given.codes != nil:
			out.texts[i] = given.texts[given.codes[i]]
		case given.texts != nil:
			out.texts[i] = given.texts[i]
		}
		if out.texts[i] == "" {
			made = appendGUID(made, s.salt, uint64(number))
		}
	}
	all := string(made)
	for i, text := range out.texts {
		if text == "" {
			out.texts[i], all = all[:guidSize], all[guidSize:]
		}
	}
	return out
}

const guidSize = 36

// appendGUID appends 128 bits as a GUID is written.
func appendGUID(b []byte, high, low uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[high>>shift&15])
		if shift == 32 || shift == 16 {
			b = append(b, '-')
		}
	}
	b = append(b, '-')
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[low>>shift&15])
		if shift == 48 {
			b = append(b, '-')
		}
	}
	return b
}
