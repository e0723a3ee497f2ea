package trigger

import "time"

// Link is what an item of a call says of where it comes from.
type Link struct {
	TraceParent string    // the W3C trace context of whoever sent or wrote it, or ""
	Enqueued    time.Time // when its source took it; zero where that is not known
}

// CausedBy says where the items of a call come from: link is asked for each of n. Where
// all contexts that there are are one, the call continues it; of several it continues
// none, and names them all.
func (c *Call) CausedBy(n int, link func(i int) Link) {
	c.Links = make([]Link, n)
	several := false
	for i := range c.Links {
		c.Links[i] = link(i)
		switch t := c.Links[i].TraceParent; {
		case t == "" || t == c.TraceParent:
		case c.TraceParent == "":
			c.TraceParent = t
		default:
			several = true
		}
	}
	if several {
		c.TraceParent = ""
	}
}
