package telemetry

// ring holds the newest runs, oldest first.
type ring struct {
	runs  []*Run
	first int
}

func (q *ring) count() int { return len(q.runs) - q.first }

// add appends a run; beyond most the oldest goes, and the last that went is
// returned.
func (q *ring) add(r *Run, most int) (gone *Run) {
	q.runs = append(q.runs, r)
	for q.count() > most {
		gone = q.pop()
	}
	return gone
}

// pop takes the oldest out.
func (q *ring) pop() *Run {
	r := q.runs[q.first]
	q.runs[q.first] = nil
	q.first++
	if q.first > len(q.runs)/2 && q.first > 32 {
		n := copy(q.runs, q.runs[q.first:])
		clear(q.runs[n:])
		q.runs, q.first = q.runs[:n], 0
	}
	return r
}

func (q *ring) all() []*Run { return q.runs[q.first:] }
