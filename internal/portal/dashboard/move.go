package dashboard

import "slices"

// moveTo hands the rows of a pushed dataset to the one that takes its place,
// because tiles read more of its fields, or because it is declared otherwise.
// Rows that come to this one from now on go there. A field that nobody read
// until now is known of the newest rows only, which are kept whole.
func (d *Dataset) moveTo(next *Dataset) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next.mu.Lock()
	defer next.mu.Unlock()
	d.moved = next
	next.total, next.arrived, next.undated = d.total, d.arrived, d.undated
	if d.Spec != next.Spec {
		next.total -= int64(len(d.raw))
		for _, row := range d.raw { // their times may be others
			next.addRow(row, d.arrived)
		}
		return
	}
	next.newest, next.texts, next.known = d.newest, d.texts, d.known
	next.times = inOrder(d.times, d.first)
	next.raw, next.rawTime, next.rawSeq = d.raw, d.rawTime, d.rawSeq
	for name, c := range next.columns {
		if have := d.columns[name]; have != nil {
			c.cells = inOrder(have.cells, d.first)
		} else {
			c.cells = make([]cell, len(next.times))
		}
	}
	next.fill(d)
}

// fill reads the columns that old has not out of the whole rows. Both are locked.
func (d *Dataset) fill(old *Dataset) {
	var added []string
	for name := range d.columns {
		if old.columns[name] == nil {
			added = append(added, name)
		}
	}
	pick := newPicker(added)
	var fields [][]byte
	for i, row := range d.raw {
		at := len(d.times) - int(d.total-d.rawSeq[i])
		if at < 0 {
			continue
		}
		fields = pick.pick(row, fields)
		for j, name := range added {
			d.columns[name].cells[at] = d.cell(fields[j])
		}
	}
}

// inOrder is a ring from its oldest to its newest.
func inOrder[T any](ring []T, first int) []T {
	return append(slices.Clone(ring[first:]), ring[:first]...)
}
