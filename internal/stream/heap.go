package stream

// moment is a value at a time; seq is its turn among those of the same time.
type moment[T any] struct {
	time int64
	seq  uint64
	v    T
}

// timeHeap has the earliest value first, and of the same time the one whose turn
// comes first.
type timeHeap[T any] []moment[T]

func (h timeHeap[T]) less(i, j int) bool {
	return h[i].time < h[j].time || h[i].time == h[j].time && h[i].seq < h[j].seq
}

func (h *timeHeap[T]) push(e moment[T]) {
	*h = append(*h, e)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.less(i, up) {
			break
		}
		s[i], s[up] = s[up], s[i]
		i = up
	}
}

// pop takes the first value out. The heap is not empty.
func (h *timeHeap[T]) pop() moment[T] {
	s := *h
	top, n := s[0], len(s)-1
	s[0], s[n] = s[n], moment[T]{} // nothing is kept alive behind the end
	s = s[:n]
	for i := 0; ; {
		c := 2*i + 1
		if c >= n {
			break
		}
		if c+1 < n && s.less(c+1, c) {
			c++
		}
		if !s.less(c, i) {
			break
		}
		s[i], s[c] = s[c], s[i]
		i = c
	}
	*h = s
	return top
}
