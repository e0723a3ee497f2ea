package tablestore

import (
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// lockStripes lock entities while they are changed: entities share a lock by
// hash. Who needs several takes them in order, so that no two wait for each other.
type lockStripes [1 << 12]sync.Mutex

func stripeOf(key []byte) int { return int(xxhash.Sum64(key) % uint64(len(lockStripes{}))) }

// acquire locks the stripes and returns those that release is to unlock.
func (l *lockStripes) acquire(stripes []int) []int {
	slices.Sort(stripes)
	stripes = slices.Compact(stripes)
	for _, i := range stripes {
		l[i].Lock()
	}
	return stripes
}

func (l *lockStripes) release(stripes []int) {
	for _, i := range stripes {
		l[i].Unlock()
	}
}
