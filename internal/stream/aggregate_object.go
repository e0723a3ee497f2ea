package stream

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// object is the state of an aggregate that does not fit into words: values one
// after another in buf, as appendValue writes them.
//
//	Collect, percentiles   the values
//	TopOne, CollectTop     entries of order values and argument, best first
//	DISTINCT               the distinct values, in the order they came first
//	uda                    value, time
//	MIN, MAX of text       the text itself
//
// User aggregates keep their values and compute at the end, because the script
// interface has no way to join two states.
type object struct {
	call *streamsql.AggregateCall
	buf  []byte
	n    int
	set  map[uint64][]int32 // DISTINCT: hash of the key to where the value starts in buf
	ends []int              // TopOne, CollectTop: end of each entry in buf
	key  []byte
}

// objectPool numbers objects from 1 and reuses them.
type objectPool struct {
	objects []*object
	free    []uint64
	bytes   int64 // of all objects, about
}

func (p *objectPool) clear()               { p.objects, p.free, p.bytes = []*object{nil}, nil, 0 }
func (p *objectPool) empty() bool          { return len(p.objects)-1 == len(p.free) }
func (p *objectPool) get(n uint64) *object { return p.objects[n] }

func (p *objectPool) new(c *streamsql.AggregateCall) uint64 {
	var n uint64
	if k := len(p.free); k > 0 {
		n, p.free = p.free[k-1], p.free[:k-1]
	} else {
		n = uint64(len(p.objects))
		p.objects = append(p.objects, &object{})
	}
	p.objects[n].call = c
	return n
}

// own returns the number of the state word's object, making it if there is none.
func (p *objectPool) own(s []uint64, c *streamsql.AggregateCall) uint64 {
	if s[0] == 0 {
		s[0] = p.new(c)
	}
	return s[0]
}

func (p *objectPool) release(n uint64) {
	if n == 0 {
		return
	}
	o := p.objects[n]
	before := o.size()
	if cap(o.buf) > 1<<16 {
		o.buf = nil
	}
	o.buf, o.n, o.ends = o.buf[:0], 0, o.ends[:0]
	clear(o.set)
	p.bytes += o.size() - before
	p.free = append(p.free, n)
}

// size is the bytes of an object, about.
func (o *object) size() int64 { return int64(cap(o.buf)) + int64(len(o.set))*32 }

// add adds a row to object n.
func (p *objectPool) add(n uint64, v streamsql.Value, order []streamsql.Value, time int64) {
	o := p.objects[n]
	before := o.size()
	o.add(v, order, time)
	p.bytes += o.size() - before
}

// merge adds what later rows have collected in object from.
func (p *objectPool) merge(n, from uint64) {
	o := p.objects[n]
	before := o.size()
	o.merge(p.objects[from])
	p.bytes += o.size() - before
}

func (p *objectPool) setText(n uint64, s string) {
	o := p.objects[n]
	before := o.size()
	o.buf = append(o.buf[:0], s...)
	p.bytes += o.size() - before
}

// load makes an object of what was saved and returns its number.
func (p *objectPool) load(r *stateReader, c *streamsql.AggregateCall) uint64 {
	n := p.new(c)
	o := p.objects[n]
	before := o.size()
	o.load(r)
	p.bytes += o.size() - before
	return n
}

func (o *object) add(v streamsql.Value, order []streamsql.Value, time int64) {
	switch o.call.Func {
	case streamsql.Collect:
		if !v.IsNull() {
			o.append(v)
		}
	case streamsql.PercentileCont, streamsql.PercentileDisc:
		if !order[0].IsNull() {
			o.append(order[0])
		}
	case streamsql.CollectTop, streamsql.TopOne:
		o.rank(v, order)
	case streamsql.UserAggregate:
		o.append(v)
		o.buf = binary.AppendVarint(o.buf, time)
	default:
		if !v.IsNull() {
			o.distinct(v)
		}
	}
}

func (o *object) append(v streamsql.Value) {
	o.buf = appendValue(o.buf, v)
	o.n++
}

// distinct adds a value that is not there yet.
func (o *object) distinct(v streamsql.Value) {
	o.key = v.AppendKey(o.key[:0])
	hash := hashKey(o.key)
	if o.set == nil {
		o.set = make(map[uint64][]int32)
	}
	for _, at := range o.set[hash] {
		if old, _ := readValue(o.buf[at:]); sameKey(old, o.key) {
			return
		}
	}
	o.set[hash] = append(o.set[hash], int32(len(o.buf)))
	o.append(v)
}

// hashKey is FNV-1a: it only spreads values in a map.
func hashKey(key []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func sameKey(v streamsql.Value, key []byte) bool {
	return string(v.AppendKey(make([]byte, 0, 64))) == string(key)
}

// rank inserts an entry in its place and drops what is beyond the first N. Of
// equal entries the earlier row is first.
func (o *object) rank(v streamsql.Value, order []streamsql.Value) {
	limit := o.limit()
	at := len(o.ends)
	for at > 0 && o.before(order, at-1) {
		at--
	}
	if at >= limit {
		return
	}
	entry := make([]byte, 0, 64)
	for _, x := range order {
		entry = appendValue(entry, x)
	}
	entry = appendValue(entry, v)
	o.insert(at, entry)
	if len(o.ends) > limit {
		o.ends = o.ends[:limit]
		o.buf = o.buf[:o.ends[limit-1]]
	}
}

func (o *object) limit() int {
	if o.call.Func == streamsql.TopOne {
		return 1
	}
	return o.call.N
}

func (o *object) start(i int) int {
	if i == 0 {
		return 0
	}
	return o.ends[i-1]
}

func (o *object) insert(i int, entry []byte) {
	o.buf = slices.Insert(o.buf, o.start(i), entry...)
	o.ends = slices.Insert(o.ends, i, o.start(i))
	for j := i; j < len(o.ends); j++ {
		o.ends[j] += len(entry)
	}
}

// before says whether a row with these order values ranks before entry i. NULL
// is less than any value, as in T-SQL.
func (o *object) before(order []streamsql.Value, i int) bool {
	rest := o.buf[o.start(i):o.ends[i]]
	for j, key := range o.call.OrderBy {
		var v streamsql.Value
		v, rest = readValue(rest)
		c := compareNullFirst(order[j], v)
		if key.Desc {
			c = -c
		}
		if c != 0 {
			return c < 0
		}
	}
	return false
}

func compareNullFirst(a, b streamsql.Value) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return -1
	case b.IsNull():
		return 1
	}
	if c, ok := streamsql.Compare(a, b); ok {
		return c
	}
	return int(a.Kind()) - int(b.Kind())
}

// merge adds what later rows have collected.
func (o *object) merge(other *object) {
	switch o.call.Func {
	case streamsql.Collect, streamsql.PercentileCont, streamsql.PercentileDisc, streamsql.UserAggregate:
		o.buf = append(o.buf, other.buf...)
		o.n += other.n
	case streamsql.CollectTop, streamsql.TopOne:
		order := make([]streamsql.Value, len(o.call.OrderBy))
		for i := range other.ends {
			rest := other.buf[other.start(i):other.ends[i]]
			for j := range order {
				order[j], rest = readValue(rest)
			}
			v, _ := readValue(rest)
			o.rank(v, order)
		}
	default:
		for rest := other.buf; len(rest) > 0; {
			var v streamsql.Value
			v, rest = readValue(rest)
			o.distinct(v)
		}
	}
}

// emptyResult is the value over no rows.
func emptyResult(c *streamsql.AggregateCall) streamsql.Value {
	switch c.Func {
	case streamsql.Count, streamsql.ApproxCountDistinct:
		return streamsql.BigIntValue(0)
	case streamsql.Collect, streamsql.CollectTop:
		return streamsql.ArrayValue("[]")
	}
	return streamsql.NullValue
}

func (o *object) result(c *streamsql.AggregateCall, env *env) (streamsql.Value, error) {
	switch c.Func {
	case streamsql.Collect:
		return streamsql.ArrayValue(string(o.appendArray(nil))), nil
	case streamsql.CollectTop:
		return streamsql.ArrayValue(string(o.appendRanks(nil))), nil
	case streamsql.TopOne:
		if len(o.ends) == 0 {
			return streamsql.NullValue, nil
		}
		return o.ranked(0), nil
	case streamsql.PercentileCont, streamsql.PercentileDisc:
		return o.percentile(c)
	case streamsql.UserAggregate:
		return o.userResult(c, env)
	case streamsql.Count, streamsql.ApproxCountDistinct:
		return streamsql.BigIntValue(int64(o.n)), nil
	}
	return o.overDistinct(c, env)
}

func (o *object) appendArray(dst []byte) []byte {
	dst = append(dst, '[')
	for rest := o.buf; len(rest) > 0; {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		var v streamsql.Value
		v, rest = readValue(rest)
		dst = v.AppendJSON(dst)
	}
	return append(dst, ']')
}

// ranked is the argument of entry i.
func (o *object) ranked(i int) streamsql.Value {
	rest := o.buf[o.start(i):o.ends[i]]
	for range o.call.OrderBy {
		_, rest = readValue(rest)
	}
	v, _ := readValue(rest)
	return v
}

func (o *object) appendRanks(dst []byte) []byte {
	dst = append(dst, '[')
	for i := range o.ends {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"rank":`...)
		dst = strconv.AppendInt(dst, int64(i+1), 10)
		dst = append(dst, `,"value":`...)
		dst = append(o.ranked(i).AppendJSON(dst), '}')
	}
	return append(dst, ']')
}

// percentile sorts what was collected. Cont interpolates between the two
// nearest numbers; Disc takes the first value whose share of the order is not
// below the fraction.
func (o *object) percentile(c *streamsql.AggregateCall) (streamsql.Value, error) {
	values := make([]streamsql.Value, 0, o.n)
	for rest := o.buf; len(rest) > 0; {
		var v streamsql.Value
		v, rest = readValue(rest)
		values = append(values, v)
	}
	if len(values) == 0 {
		return streamsql.NullValue, nil
	}
	slices.SortStableFunc(values, func(a, b streamsql.Value) int {
		if c.OrderBy[0].Desc {
			a, b = b, a
		}
		return compareNullFirst(a, b)
	})
	if c.Func == streamsql.PercentileDisc {
		i := int(math.Ceil(c.Fraction*float64(len(values)))) - 1
		return values[min(max(i, 0), len(values)-1)], nil
	}
	at := c.Fraction * float64(len(values)-1)
	i := int(at)
	low, ok := values[i].Number()
	high, ok2 := values[min(i+1, len(values)-1)].Number()
	if !ok || !ok2 {
		return streamsql.NullValue, &streamsql.DataError{Line: c.Line, Col: c.Col, Msg: "PERCENTILE_CONT of a value that is no number"}
	}
	return finite(c, low+(high-low)*(at-float64(i)))
}

// userResult runs a JavaScript aggregate over the values.
func (o *object) userResult(c *streamsql.AggregateCall, env *env) (streamsql.Value, error) {
	state, err := c.UDA.New(&env.scratch)
	if err != nil {
		return streamsql.NullValue, err
	}
	for rest := o.buf; len(rest) > 0; {
		var v streamsql.Value
		v, rest = readValue(rest)
		time, size := binary.Varint(rest)
		rest = rest[size:]
		if err := state.Accumulate(v, time); err != nil {
			return streamsql.NullValue, err
		}
	}
	return state.Result()
}

// overDistinct computes a flat aggregate over distinct values.
func (o *object) overDistinct(c *streamsql.AggregateCall, env *env) (streamsql.Value, error) {
	flat := *c
	flat.Distinct = false
	a := newAggregates([]*streamsql.AggregateCall{&flat})
	w := make([]uint64, a.width)
	for rest := o.buf; len(rest) > 0; {
		var v streamsql.Value
		v, rest = readValue(rest)
		a.addFlat(w, &flat, v)
	}
	return a.result(0, w, env)
}

func (o *object) save(w *stateWriter) {
	w.bytes(o.buf)
	w.uint(uint64(o.n))
	w.uint(uint64(len(o.ends)))
	for _, e := range o.ends {
		w.uint(uint64(e))
	}
}

func (o *object) load(r *stateReader) {
	o.buf = append(o.buf[:0], r.bytes()...)
	o.n = int(r.uint())
	for range r.count(1) {
		e := int(r.uint())
		if e > len(o.buf) || len(o.ends) > 0 && e < o.ends[len(o.ends)-1] {
			r.bad = true
			return
		}
		o.ends = append(o.ends, e)
	}
	if o.call == nil || !o.call.Distinct && o.call.Func != streamsql.ApproxCountDistinct {
		return
	}
	buf := o.buf
	o.buf, o.n = nil, 0
	for rest := buf; len(rest) > 0; {
		var v streamsql.Value
		if v, rest = readValue(rest); rest == nil {
			r.bad = true
			return
		}
		o.distinct(v)
	}
}
