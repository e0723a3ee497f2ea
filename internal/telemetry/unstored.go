package telemetry

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Unstored is a hub that could not store what came last: its disk is full, or
// its log could not be synced.
type Unstored struct {
	Hub   string // as it was asked for
	Since time.Time
	Count int64 // appends that failed since then
	Err   error // the newest
}

// unstored are those hubs. An append that works takes its hub out, at the cost
// of a look at one number while there is none.
type unstored struct {
	any atomic.Int32
	mu  sync.Mutex // guards hubs
	all map[hubKey]*Unstored
}

func (u *unstored) failed(e broker.AppendFailed) {
	if fault.KindOf(e.Err) != fault.Unavailable {
		return // what was sent is refused, not stored by nobody
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	key := hubKey{e.Namespace, strings.ToLower(e.Hub)}
	at := u.all[key]
	if at == nil {
		if u.all == nil {
			u.all = map[hubKey]*Unstored{}
		}
		at = &Unstored{Hub: e.Hub, Since: time.Now()}
		u.all[key] = at
		u.any.Add(1)
	}
	at.Count++
	at.Err = e.Err
}

func (u *unstored) worked(e broker.Appended) {
	if u.any.Load() == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if key := (hubKey{e.Namespace, strings.ToLower(e.Hub)}); u.all[key] != nil {
		delete(u.all, key)
		u.any.Add(-1)
	}
}

// Unstored returns the hubs that cannot store events now.
func (c *Counts) Unstored() (all []Unstored) {
	if c.unstored.any.Load() == 0 {
		return nil
	}
	c.unstored.mu.Lock()
	defer c.unstored.mu.Unlock()
	for _, at := range c.unstored.all {
		all = append(all, *at)
	}
	return all
}
