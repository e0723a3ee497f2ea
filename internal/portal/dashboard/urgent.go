package dashboard

import "sync/atomic"

// urgent says that alarms have come. Tiles are computed once a second; an alarm
// does not wait for that.
type urgent struct {
	matters atomic.Bool   // a tile shows rows of this dataset as alarms
	came    atomic.Bool   // rows came that Urgent has not told of
	signal  chan struct{} // of the Set; holds one token
}

// tell wakes whoever waits at Set.Alarms.
func (u *urgent) tell() {
	if !u.matters.Load() {
		return
	}
	u.came.Store(true)
	select {
	case u.signal <- struct{}{}:
	default:
	}
}

// Alarms has a token when datasets that dashboards show as alarms have rows
// that Urgent has not told of yet.
func (s *Set) Alarms() <-chan struct{} { return s.alarms }

// Urgent returns the names of the dashboards that have new alarms since the
// last call.
func (s *Set) Urgent() []string {
	came := map[*Dataset]bool{}
	for _, d := range s.Datasets() {
		if d.urgent.came.Swap(false) {
			came[d] = true
		}
	}
	var names []string
	for _, b := range s.Boards() {
		for _, d := range b.datasets {
			if came[d] {
				names = append(names, b.Name)
				break
			}
		}
	}
	return names
}
