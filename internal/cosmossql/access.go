package cosmossql

// access is how a block reaches the container: one or more ways, of which Run
// takes the first that is worth its cost.
type access struct {
	ways    []way    // the last one is always possible
	keyWalk *Access  // along the index of the only GROUP BY path, if that will do
	edges   []Access // along the index of each MIN and MAX, if they are all there is
}

// way is one way to reach the documents: a sequence of walks that together cover
// what the conditions allow, without overlap.
type way struct {
	walks   []Access
	ordered bool // the documents come in the block's order
	exact   bool // the walks yield what the conditions allow and nothing else
	few     bool // only worth it if it yields few documents: Run counts first
}

// fewAtLeast is how many documents always count as few. A source of at most
// smallSource documents is read whole: an index would have to be built and kept.
const (
	fewAtLeast  = 500
	smallSource = 1000
)

// choose picks the way to take and returns its number. A page that continues
// another takes the same way.
func (a *access) choose(r *running) int {
	if r.way < 0 || r.way >= len(a.ways) {
		r.way = a.cheapest(r)
	}
	return r.way
}

func (a *access) cheapest(r *running) int {
	for i, w := range a.ways {
		if !w.few || i == len(a.ways)-1 || w.isFew(r, a.ways[len(a.ways)-1].ordered) {
			return i
		}
	}
	return len(a.ways) - 1
}

// isFew counts what the way yields, up to a limit: one in ten of all documents
// may be fetched one by one, against reading all; one in fifty may be sorted,
// against a walk in order that may stop early.
func (w *way) isFew(r *running, againstOrder bool) bool {
	total, err := r.src.Count(r.ctx, Access{}, 0)
	if err != nil {
		r.fail(err)
		return false
	}
	if total <= r.small {
		return false
	}
	share := int64(10)
	if againstOrder {
		share = 50
	}
	limit := total/share + fewAtLeast
	n, err := w.count(r, limit)
	if err != nil {
		r.fail(err)
		return false
	}
	return n < limit
}

// count adds up what the walks yield, up to the limit if that is not 0.
func (w *way) count(r *running, limit int64) (int64, error) {
	var sum int64
	for _, a := range w.walks {
		left := int64(0)
		if limit > 0 {
			if left = limit - sum; left <= 0 {
				return sum, nil
			}
		}
		n, err := r.src.Count(r.ctx, a, left)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// scan walks from the beginning and calls bound with each document.
func (a *access) scan(f *frame, bound func(value) bool) bool {
	c := cursor{run: f.run, walks: a.ways[a.choose(f.run)].walks}
	defer c.close()
	for c.next() {
		if !bound(c.document()) {
			return false
		}
	}
	return f.run.err == nil
}

// cursor walks over documents, one walk after the other.
type cursor struct {
	run   *running
	walks []Access
	at    int // the walk at hand
	after []byte
	rows  Rows
	row   Row
}

// next moves to the next entry; false at the end and on failure.
func (c *cursor) next() bool {
	for c.run.tick() && c.at < len(c.walks) {
		if c.rows == nil {
			a := c.walks[c.at]
			a.After = c.after
			c.after = nil
			rows, err := c.run.src.Scan(c.run.ctx, a)
			if err != nil {
				c.run.fail(err)
				return false
			}
			c.rows = rows
		}
		ok, err := c.rows.Next(&c.row)
		if err != nil {
			c.run.fail(err)
			return false
		}
		if ok {
			c.run.stats.Entries++
			c.run.ordinal = c.row.Ordinal
			return true
		}
		c.close()
		c.at++
	}
	return false
}

// document is the entry's document.
func (c *cursor) document() value {
	c.run.stats.Documents++
	c.run.stats.DocBytes += int64(len(c.row.Doc))
	v, _ := loadValue(c.row.Doc)
	return v
}

// close ends the walk at hand.
func (c *cursor) close() {
	if c.rows == nil {
		return
	}
	if err := c.rows.Close(); err != nil {
		c.run.fail(err)
	}
	c.rows = nil
}
