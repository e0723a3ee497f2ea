package queue

import "cmp"

// message is a state and where it is in the heaps of its queue.
type message struct {
	state
	seq uint64 // order of being put
	at  [3]int32

	isHidden bool // it is in the heap of the hidden
}

// The heaps that a message is in.
const (
	byVisible = iota
	byExpiry
	byReturn // of those that are not visible, by when they are
)

// heap is a binary heap of messages, the least first.
type heap struct {
	which int
	all   []*message
}

func (h *heap) less(a, b *message) bool {
	if h.which == byExpiry {
		return a.expires < b.expires
	}
	return cmp.Or(cmp.Compare(a.visible, b.visible), cmp.Compare(a.seq, b.seq)) < 0
}

func (h *heap) first() *message {
	if len(h.all) == 0 {
		return nil
	}
	return h.all[0]
}

func (h *heap) push(m *message) {
	h.all = append(h.all, m)
	h.up(len(h.all) - 1)
}

func (h *heap) pop() *message {
	m := h.all[0]
	h.remove(m)
	return m
}

func (h *heap) remove(m *message) {
	i, last := int(m.at[h.which]), len(h.all)-1
	moved := h.all[last]
	h.all[last] = nil
	h.all = h.all[:last]
	if i == last {
		return
	}
	h.put(i, moved)
	h.fix(moved)
}

// fix moves a message to where it belongs now.
func (h *heap) fix(m *message) {
	if i := int(m.at[h.which]); !h.down(i) {
		h.up(i)
	}
}

func (h *heap) put(i int, m *message) {
	h.all[i] = m
	m.at[h.which] = int32(i) //nolint:gosec // messages that fit into memory
}

func (h *heap) up(i int) {
	m := h.all[i]
	for i > 0 {
		above := (i - 1) / 2
		if !h.less(m, h.all[above]) {
			break
		}
		h.put(i, h.all[above])
		i = above
	}
	h.put(i, m)
}

func (h *heap) down(i int) (moved bool) {
	m, from := h.all[i], i
	for {
		below := 2*i + 1
		if below >= len(h.all) {
			break
		}
		if right := below + 1; right < len(h.all) && h.less(h.all[right], h.all[below]) {
			below = right
		}
		if !h.less(h.all[below], m) {
			break
		}
		h.put(i, h.all[below])
		i = below
	}
	h.put(i, m)
	return i > from
}
