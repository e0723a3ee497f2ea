package simulate

// line is items that wait, by the second in which they came: first come, first served.
type line struct {
	cohorts []cohort
	head    int
	length  int64
}

// cohort is items that came in one second.
type cohort struct{ second, items int64 }

func (l *line) add(second, items int64) {
	if items == 0 {
		return
	}
	l.cohorts = append(l.cohorts, cohort{second, items})
	l.length += items
}

// take takes the first items out and tells since when they waited.
func (l *line) take(items int64, each func(cohort)) {
	for items > 0 && l.length > 0 {
		first := &l.cohorts[l.head]
		n := min(items, first.items)
		each(cohort{first.second, n})
		first.items -= n
		l.length, items = l.length-n, items-n
		if first.items == 0 {
			l.step()
		}
	}
}

// drop takes out what came before a second, and returns how much.
func (l *line) drop(before int64) (items int64) {
	for l.length > 0 && l.cohorts[l.head].second < before {
		items += l.cohorts[l.head].items
		l.length -= l.cohorts[l.head].items
		l.step()
	}
	return items
}

// step leaves an empty cohort, and gives its memory back from time to time.
func (l *line) step() {
	if l.head++; l.head > 1024 && l.head*2 > len(l.cohorts) {
		l.cohorts = append(l.cohorts[:0], l.cohorts[l.head:]...)
		l.head = 0
	}
}
