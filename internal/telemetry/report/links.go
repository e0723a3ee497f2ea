package report

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

// linksProperty names the operations that a request has to do with and is no part of, as
// Azure's clients write it.
const linksProperty = "_MS.links"

// maxLinks bounds how many are written of one request.
const maxLinks = 10_000

// came adds to an invocation's request where its items come from: the places in other
// traces, unless it continues the only one, and how long on average they waited, where
// all of them say when they came.
func came(i *item.Item, begun host.InvocationStarted) {
	var (
		links  []byte
		n      int
		last   string
		waited time.Duration
		timed  = true
	)
	all := begun.Links
	for _, l := range all {
		if timed = timed && !l.Enqueued.IsZero(); timed {
			waited += max(begun.At.Sub(l.Enqueued), 0)
		}
		if begun.Caller != "" || l.TraceParent == last || n == maxLinks || !tracecontext.Valid(l.TraceParent) {
			continue
		}
		if last = l.TraceParent; n == 0 {
			links = append(make([]byte, 0, 80*len(all)), '[')
		} else {
			links = append(links, ',')
		}
		n++
		links = append(links, `{"operation_Id":"`...)
		links = append(links, tracecontext.Trace(last)...)
		links = append(links, `","id":"`...)
		links = append(links, tracecontext.Span(last)...)
		links = append(links, `"}`...)
	}
	if n > 0 {
		i.Properties = append(i.Properties, item.Property{Name: linksProperty, Value: string(append(links, ']'))})
	}
	if timed && len(all) > 0 {
		i.Measurements = append(i.Measurements, item.Measurement{Name: "timeSinceEnqueued", Value: float64((waited / time.Duration(len(all))).Milliseconds())})
	}
}
