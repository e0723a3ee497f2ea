package hubs

import (
	"sync"
	"time"
)

// sparks are the events of hubs in buckets of time, for the small charts of the
// list.
type sparks struct {
	mu  sync.Mutex // guards all
	all map[hubName]*spark
}

const (
	sparkBuckets = 25 // one of them is not over
	sparkBucket  = 12 * time.Second
)

// spark is a hub's ring of buckets.
type spark struct {
	newest int64 // the bucket's number since 1970
	counts [sparkBuckets]int
	total  int64
}

// add notes a hub's counter, which starts at 0 with the process.
func (s *sparks) add(hub hubName, total int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[hubName]*spark{}
	}
	k := s.all[hub]
	if k == nil {
		k = &spark{}
		s.all[hub] = k
	}
	k.turn(now)
	k.counts[k.newest%sparkBuckets] += int(total - k.total)
	k.total = total
}

// turn makes room for the buckets up to now.
func (k *spark) turn(now time.Time) {
	bucket := now.UnixNano() / int64(sparkBucket)
	for n := max(k.newest+1, bucket-sparkBuckets+1); n <= bucket; n++ {
		k.counts[n%sparkBuckets] = 0
	}
	k.newest = max(k.newest, bucket)
}

// of are a hub's buckets, the oldest first, without the one that is not over;
// none when all are empty.
func (s *sparks) of(hub hubName) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []int{}
	k := s.all[hub]
	if k == nil {
		return out
	}
	any := false
	for n := k.newest - sparkBuckets + 1; n < k.newest; n++ {
		count := k.counts[n%sparkBuckets]
		out = append(out, count)
		any = any || count > 0
	}
	if !any {
		return out[:0]
	}
	return out
}
