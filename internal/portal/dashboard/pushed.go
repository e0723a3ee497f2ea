package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pushed is how rows that were pushed will show. All of them are kept.
type Pushed struct {
	Rows    int    `json:"rows"`
	Old     int    `json:"old,omitempty"`     // older than what any tile shows
	Ahead   int    `json:"ahead,omitempty"`   // dated after now
	Undated int    `json:"undated,omitempty"` // without a time that can be read: they got that of their coming
	Oldest  string `json:"oldest,omitempty"`  // time of the oldest row, RFC 3339, when some are old
	Window  string `json:"window,omitempty"`  // the widest one of the tiles, when some are old
	Unknown string `json:"unknown,omitempty"` // fields that tiles read and no row has
	Note    string `json:"note,omitempty"`    // the same in words; empty when all rows show
}

// tolerance is how far a sender's clock may be ahead.
const tolerance = time.Minute

// judge says how the newest n rows will show. The caller holds mu.
func (d *Dataset) judge(n, undated int, wall time.Time) Pushed {
	p := Pushed{Rows: n, Undated: undated}
	newest := min(n, len(d.times))
	window := d.window.Load()
	now, oldest := d.now(wall), wall.UnixMilli()
	index := func(back int) int { return (d.first + len(d.times) - 1 - back) % len(d.times) }
	for back := range newest {
		at := d.times[index(back)]
		oldest = min(oldest, at)
		if window > 0 && at <= now-window {
			p.Old++
		}
		if at > wall.Add(tolerance).UnixMilli() && d.Spec.Clock != "data" {
			p.Ahead++
		}
	}
	var unknown []string
	for name, c := range d.columns {
		known := false
		for back := 0; back < newest && !known; back++ {
			known = c.cells[index(back)].kind != missing
		}
		if !known {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	p.Unknown = strings.Join(unknown, ", ")
	if p.Old > 0 {
		p.Oldest = time.UnixMilli(oldest).UTC().Format(time.RFC3339)
		p.Window = short(time.Duration(window) * time.Millisecond)
	}
	p.Note = p.words(d)
	return p
}

func (p *Pushed) words(d *Dataset) string {
	var says []string
	if p.Old > 0 {
		says = append(says, fmt.Sprintf("%d of %d %s kept but older than what the tiles show: the oldest is of %s, the widest window is %s; choose that time on the dashboard, or send newer times in %q",
			p.Old, p.Rows, are(p.Old), p.Oldest, p.Window, d.timeField()))
	}
	if p.Ahead > 0 {
		says = append(says, fmt.Sprintf("%d of %d %s kept but dated after now, and not in charts until then", p.Ahead, p.Rows, are(p.Ahead)))
	}
	if p.Undated > 0 {
		says = append(says, fmt.Sprintf("%d of %d %s without a time in %q that can be read (RFC 3339, or seconds or milliseconds since 1970), and got the time of coming", p.Undated, p.Rows, are(p.Undated), d.timeField()))
	}
	if p.Unknown != "" {
		says = append(says, "tiles read fields that no row has: "+p.Unknown)
	}
	return strings.Join(says, ". ")
}

// timeField is where a row's time is looked for first.
func (d *Dataset) timeField() string {
	if d.Spec.Time != "" {
		return d.Spec.Time
	}
	return "_ts"
}

func are(n int) string {
	if n == 1 {
		return "row is"
	}
	return "rows are"
}

// short is a duration without the zeros behind it: 24h, 1h30m.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
