package hub

import (
	"slices"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

func (l *lab) delete() {
	l.t.Helper()
	if err := l.b.Namespace(1).DeleteHub("h"); err != nil {
		l.t.Fatal(err)
	}
}

// stored is what the hub holds, sorted.
func (l *lab) stored() (rows []string) {
	l.t.Helper()
	h, err := l.b.Namespace(1).Hub("h")
	if err != nil {
		l.t.Fatal(err)
	}
	for id := range h.PartitionCount() {
		p, err := h.Partition(id)
		if err != nil {
			l.t.Fatal(err)
		}
		if p.Info().Empty {
			continue
		}
		r, err := l.source().Open(l.t.Context(), id, stream.AtArrival(stream.StartOfInput))
		if err != nil {
			l.t.Fatal(err)
		}
		for _, e := range l.read(r) {
			rows = append(rows, string(e.Body))
		}
		r.Close()
	}
	slices.Sort(rows)
	return rows
}

func TestSourceContract(t *testing.T) {
	jobstest.Source(t, func(t *testing.T) jobstest.SourceLab {
		l := newLab(t)
		return jobstest.SourceLab{
			Source: l.source(), Grow: l.make, Delete: l.delete,
			Send: func(partition int, bodies ...string) {
				for _, body := range bodies {
					l.sendTo(partition, body)
				}
			},
		}
	})
}

func TestSinkContract(t *testing.T) {
	jobstest.Sink(t, func(t *testing.T) jobstest.SinkLab {
		l := newLab(t)
		s, err := l.sink(jobs.Output{})
		if err != nil {
			t.Fatal(err)
		}
		return jobstest.SinkLab{Sink: s, Rows: l.stored, Delete: l.delete, Make: func() { l.make(1) }}
	})
}

func (l *lab) sendTo(partition int, body string) {
	l.t.Helper()
	l.append(l.partition(partition), broker.Append{Records: [][]byte{l.message(body)}})
}
