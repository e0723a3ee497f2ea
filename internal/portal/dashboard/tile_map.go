package dashboard

import (
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// MapView is a map: the present state of each site.
type MapView struct {
	Sites []Site `json:"sites"`
}

// Site is one dot.
type Site struct {
	Key   string   `json:"key"`
	Label string   `json:"label"`
	Lat   float64  `json:"lat"`
	Lon   float64  `json:"lon"`
	Value *float64 `json:"value"`
	Size  float64  `json:"size,omitempty"`
	State string   `json:"state"` // alarm when it has one, else by its status, else by the thresholds
	At    int64    `json:"at"`    // of its newest row
}

func (e *evaluator) sites(over span, now time.Time, r Range) any {
	newest := map[cell]int{}
	e.data.each(over, e.where, func(i int, at int64) {
		key := e.key.cells[i]
		if have, ok := newest[key]; !ok || at >= e.data.times[have] {
			newest[key] = i
		}
	})
	alarmed := e.alarmed(now, r)
	v := MapView{Sites: []Site{}}
	for key, i := range newest {
		lat, lon := e.lat.cells[i], e.lon.cells[i]
		if lat.kind != number || lon.kind != number || key.kind == missing {
			continue
		}
		site := Site{Key: e.data.words(key), Lat: lat.num, Lon: lon.num, At: e.data.times[i], State: "off"}
		if site.Label = site.Key; e.label != nil && e.label.cells[i].kind != missing {
			site.Label = e.data.words(e.label.cells[i])
		}
		if c := e.value.cells[i]; c.kind == number {
			site.Value = optional(c.num*e.tile.Scale, true)
			site.State = e.tile.state(c.num * e.tile.Scale)
		}
		if e.size != nil {
			site.Size = e.size.cells[i].num
		}
		if e.status != nil {
			if state, ok := e.tile.States[e.data.words(e.status.cells[i])]; ok {
				site.State = state
			}
		}
		if alarmed[site.Key] {
			site.State = "alarm"
		}
		v.Sites = append(v.Sites, site)
	}
	slices.SortFunc(v.Sites, func(a, b Site) int { return strings.Compare(a.Key, b.Key) })
	return v
}

// alarmed returns the sites that have an alarm. The caller holds data.mu; an
// alarm dataset that is the same one is not locked twice.
func (e *evaluator) alarmed(now time.Time, r Range) map[string]bool {
	if e.alarms == nil {
		return nil
	}
	if e.alarms != e.data {
		e.alarms.mu.RLock()
		defer e.alarms.mu.RUnlock()
	}
	keys := map[string]bool{}
	over := span{from: e.alarms.now(now) - time.Duration(e.tile.Alarm.Window).Milliseconds()}
	if r.To > 0 {
		over = span{from: r.From, end: r.To, closed: true}
	}
	e.alarms.each(over, e.alarmWhere, func(i int, _ int64) { keys[e.alarms.words(e.alarmKey.cells[i])] = true })
	return keys
}

// detailWindow is what a click on a site shows.
const detailWindow = time.Hour

// Site returns the past hour of a site of a map tile: one line for each of the
// tile's detail columns. The error is fault.NotFound for another tile.
func (b *Board) Site(tile int, key string, now time.Time) (*LineView, error) {
	if tile < 0 || tile >= len(b.tiles) || b.tiles[tile].tile.Type != "map" || b.tiles[tile].data == nil {
		return nil, fault.New(fault.NotFound, "dashboard "+b.Name, "tile %d is no map", tile)
	}
	e := &b.tiles[tile]
	e.data.mu.RLock()
	defer e.data.mu.RUnlock()
	type point struct {
		at int64
		i  int
	}
	var points []point
	e.data.each(span{from: e.data.now(now) - detailWindow.Milliseconds()}, e.where, func(i int, at int64) {
		if e.data.words(e.key.cells[i]) == key {
			points = append(points, point{at, i})
		}
	})
	slices.SortStableFunc(points, func(a, b point) int { return int(a.at - b.at) })
	v := &LineView{Times: []int64{}, Series: []SeriesView{}}
	for _, p := range points {
		v.Times = append(v.Times, p.at)
	}
	for _, c := range e.tile.Detail {
		column := e.data.columns[c.Field]
		line := SeriesView{Name: c.Field, Unit: c.Unit, Values: []*float64{}}
		for _, p := range points {
			line.Values = append(line.Values, optional(column.cells[p.i].num, column.cells[p.i].kind == number))
		}
		v.Series = append(v.Series, line)
	}
	return v, nil
}
