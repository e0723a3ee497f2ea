package hubs

import (
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Detail is an event hub: the topic "hub:NAMESPACE/HUB". Rates are per second,
// over the last four seconds.
type Detail struct {
	Row
	Settings Settings    `json:"settings"`
	Declared bool        `json:"declared"` // the project file names it
	Created  int64       `json:"created"`  // unix milliseconds
	Bytes    float64     `json:"bytes"`    // rate
	Parts    []Partition `json:"parts"`
	Readers  []Behind    `json:"readers"`
}

// Partition is a partition of a hub.
type Partition struct {
	ID     int     `json:"id"`
	Begin  int64   `json:"begin"`  // oldest sequence number kept
	Last   int64   `json:"last"`   // newest, or -1
	LastAt int64   `json:"lastAt"` // unix milliseconds; 0 before the first
	Size   int64   `json:"size"`
	In     float64 `json:"in"` // rate
}

func (p *page) detail(id string, r *portal.Rates) (any, error) {
	namespace, hub, ok := strings.Cut(id, "/")
	if !ok {
		return nil, fault.New(fault.NotFound, "hub "+id, "a hub's id is NAMESPACE/HUB")
	}
	t, err := p.find(namespace, hub)
	if err != nil {
		return nil, err
	}
	h, infos := t.hub, infos(t.hub)
	counts := p.Counts.Hub(h.Namespace(), h.Name())
	d := Detail{
		Row: p.row(t, infos, r), Declared: p.Changes.Declared(t.id()), Created: h.CreatedAt().UnixMilli(),
		Settings: Settings{
			Partitions: len(infos), RetentionHours: h.Retention().Hours(), RetentionMiB: h.RetentionBytes() >> 20, Groups: h.ConsumerGroups(),
		},
		Bytes: r.Of(key(h)+"/bytes", counts.Bytes.Load()), Parts: make([]Partition, len(infos)),
	}
	for i, info := range infos {
		d.Parts[i] = Partition{
			ID: i, Begin: info.BeginSequence, Last: info.LastSequence, Size: info.Bytes,
			In: r.Of(key(h)+"/"+strconv.Itoa(i), counts.Partition(i).Load()),
		}
		if !info.LastEnqueued.IsZero() {
			d.Parts[i].LastAt = info.LastEnqueued.UnixMilli()
		}
	}
	d.Readers = p.judged(h, infos, p.readers(), r, time.Now())
	d.Row.add(d.Readers)
	return d, nil
}
