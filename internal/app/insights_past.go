package app

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/page/insights"
	"github.com/lazuli-dev/lazuli/internal/page/items"
)

// kustoPast is the Kusto queries that people ran, kept as those of containers are.
type kustoPast struct{ *items.History }

// Add implements insights.Past.
func (p kustoPast) Add(component, text string, rows int, took time.Duration, err error) {
	a := items.Asked{Time: time.Now().UTC(), Container: component, Text: text, Rows: rows, Millis: float64(took.Microseconds()) / 1000}
	if err != nil {
		a.Error = err.Error()
	}
	p.History.Add(a)
}

// All implements insights.Past.
func (p kustoPast) All() (all []insights.Asked) {
	for _, a := range p.Of("") {
		all = append(all, insights.Asked{ID: a.ID, Time: a.Time, Text: a.Text, Rows: a.Rows, Millis: a.Millis, Error: a.Error, Times: a.Times})
	}
	return all
}
