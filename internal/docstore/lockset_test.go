package docstore

import (
	"testing"
	"testing/synctest"
)

// TestLargeSetIsServed: two callers that take turns with one item each never
// leave both of them free; who wants both is served all the same.
func TestLargeSetIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLockSet()
		l.acquire([]uint64{1})
		served := make(chan struct{})
		go func() {
			l.acquire([]uint64{1, 2})
			close(served)
			l.release([]uint64{1, 2})
		}()
		synctest.Wait()
		small := make(chan struct{})
		go func() { // comes later, for a lock that is free
			l.acquire([]uint64{2})
			select {
			case <-served:
			default:
				t.Error("who came later was served first")
			}
			l.release([]uint64{2})
			close(small)
		}()
		synctest.Wait()
		l.acquire([]uint64{3}) // nobody waits for it
		l.release([]uint64{1, 3})
		<-served
		<-small
		if len(l.waiting) != 0 {
			t.Errorf("%d still wait", len(l.waiting))
		}
	})
}
