package worker

import "sync"

// Numbers tell the worker processes of an app apart, from 1, in whatever pool they are.
// The zero value has given none.
type Numbers struct {
	mu    sync.Mutex
	taken map[int]bool
}

// take gives the least number that nobody has.
func (n *Numbers) take() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.taken == nil {
		n.taken = map[int]bool{}
	}
	least := 1
	for n.taken[least] {
		least++
	}
	n.taken[least] = true
	return least
}

// free takes a number back.
func (n *Numbers) free(number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.taken, number)
}
