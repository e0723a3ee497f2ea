package cosmossql

// pager fills one page.
type pager struct {
	page     Page
	maxItems int
	maxBytes int
	bytes    int
	chunk    []byte
}

const (
	defaultPageBytes = 4 << 20
	chunkBytes       = 64 << 10
)

func newPager(o RunOptions) *pager {
	p := &pager{maxItems: o.MaxItems, maxBytes: o.MaxBytes}
	if p.maxBytes <= 0 {
		p.maxBytes = defaultPageBytes
	}
	return p
}

// add copies one row into the page; false if JSON cannot hold it, so that it is no row.
func (p *pager) add(out expr, f *frame) bool {
	if o, ok := out.(*objectExpr); ok {
		p.room()
		start := len(p.chunk)
		p.chunk = o.append(p.chunk, f)
		p.took(start)
		return true
	}
	return p.addValue(out.eval(f))
}

func (p *pager) addValue(v value) bool {
	if !v.isJSON() {
		return false
	}
	p.room()
	start := len(p.chunk)
	p.chunk = appendJSON(p.chunk, v)
	p.took(start)
	return true
}

// room begins a new chunk when the last is nearly full, so that growing does not
// copy the rows before.
func (p *pager) room() {
	if cap(p.chunk)-len(p.chunk) < 2048 {
		size := chunkBytes
		if len(p.page.Rows) == 0 {
			size = 4096
		}
		p.chunk = make([]byte, 0, size)
	}
}

func (p *pager) took(start int) {
	row := p.chunk[start:len(p.chunk):len(p.chunk)]
	p.page.Rows = append(p.page.Rows, row)
	p.bytes += len(row)
}

// full says whether the page takes no more rows.
func (p *pager) full() bool {
	return p.bytes >= p.maxBytes || (p.maxItems > 0 && len(p.page.Rows) >= p.maxItems)
}
