package simulate

import (
	"testing"

	"pgregory.net/rapid"
)

// TestBuckets: every latency is in a bucket whose top is no more than a 64th above.
func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<40).Draw(t, "ms")
		top := topOf(bucketOf(ms))
		if top < ms || top > ms+ms/64 {
			t.Fatalf("%d ms: top %d of bucket %d", ms, top, bucketOf(ms))
		}
		if b := bucketOf(ms); b > 0 && topOf(b-1) >= ms {
			t.Fatalf("%d ms is in bucket %d, and the one before reaches %d", ms, b, topOf(b-1))
		}
	})
}

// TestLine: what is taken and dropped is what was added, in order.
func TestLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l line
		var in, out, last int64
		for second := range int64(rapid.IntRange(1, 3000).Draw(t, "seconds")) {
			n := rapid.Int64Range(0, 5).Draw(t, "come")
			l.add(second, n)
			in += n
			l.take(rapid.Int64Range(0, 5).Draw(t, "go"), func(c cohort) {
				if c.second < last || c.items <= 0 {
					t.Fatalf("%+v after second %d", c, last)
				}
				last = c.second
				out += c.items
			})
			out += l.drop(second - 4)
			if l.length != in-out {
				t.Fatalf("%d in, %d out, %d wait", in, out, l.length)
			}
		}
	})
}
