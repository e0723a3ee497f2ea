package simulate

import (
	"math/bits"
	"time"
)

// latencies counts latencies in buckets that are a 64th of a power of two wide.
type latencies struct {
	counts [2560]int64
	total  int64
	most   int64
}

const fine = 6 // bits of a bucket's number that are a latency's own

func bucketOf(ms int64) int {
	if ms < 1<<fine {
		return int(ms)
	}
	e := bits.Len64(uint64(ms)) - fine - 1
	return e<<fine + int(ms>>e)
}

// topOf is the greatest latency of a bucket.
func topOf(bucket int) int64 {
	if bucket < 1<<(fine+1) {
		return int64(bucket)
	}
	e := bucket>>fine - 1
	return (int64(bucket&(1<<fine-1))+1<<fine+1)<<e - 1
}

func (l *latencies) add(ms, items int64) {
	l.counts[bucketOf(ms)] += items
	l.total += items
	l.most = max(l.most, ms)
}

// of is the latency that a share of all items, in thousandths, does not exceed.
func (l *latencies) of(thousandths int64) time.Duration {
	if l.total == 0 {
		return 0
	}
	left := (l.total*thousandths + 999) / 1000
	for b, n := range l.counts {
		if left -= n; left <= 0 && n > 0 {
			return time.Duration(min(topOf(b), l.most)) * time.Millisecond
		}
	}
	return time.Duration(l.most) * time.Millisecond
}

func (l *latencies) reset() { *l = latencies{} }
