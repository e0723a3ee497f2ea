package amqp

import "time"

// queue appends a frame with one performative for the writer. mu is held.
// After Close nothing may follow, so that it is then dropped.
func (c *Conn) queue(channel uint16, body func([]byte) []byte) {
	if c.closeSent {
		return
	}
	c.out = c.pool.grow(c.out, 512)
	c.out.b = frameWith(c.out.b, channel, body)
}

// wakeWriter tells the writer that there is something to do.
func (c *Conn) wakeWriter() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// markDirty puts the session on the writer's round. mu is held.
func (c *Conn) markDirty(s *Session) {
	if !s.dirty {
		s.dirty = true
		c.dirty = append(c.dirty, s)
	}
	c.wakeWriter()
}

// gather turns the gathered dispositions and flows into frames. mu is held.
func (c *Conn) gather() {
	for i, s := range c.dirty {
		s.gather()
		c.dirty[i] = nil
	}
	c.dirty = c.dirty[:0]
}

// writeLoop owns the socket's write side. Whatever gathered in out since the
// last write goes out as one write. It ends when the connection is finished
// and out is empty, or when a write fails.
func (c *Conn) writeLoop() {
	defer close(c.writerGone)
	beat := newHeartbeat(c.peer.IdleTimeout)
	defer beat.stop()
	var deadline time.Time
	for {
		c.mu.Lock()
		c.gather()
		buf := c.out
		c.out = nil
		finished, timeout := c.finished, c.limits.writeTimeout
		if c.closeSent {
			timeout = min(timeout, closeTimeout)
		}
		c.mu.Unlock()

		if buf == nil {
			if finished {
				return
			}
			select {
			case <-c.wake:
			case <-beat.timer.C:
				c.beat(beat)
			}
			continue
		}
		now := time.Now()
		if left := deadline.Sub(now); left < timeout/2 || left > timeout {
			deadline = now.Add(timeout)
			c.nc.SetWriteDeadline(deadline)
		}
		_, err := c.nc.Write(buf.b)
		beat.last = now
		c.pool.put(buf)
		if err != nil {
			c.writeFailed(err)
			return
		}
		c.offerRoom()
	}
}

// beat queues an empty frame when nothing was written for half the peer's
// idle timeout.
func (c *Conn) beat(h *heartbeat) {
	if !h.due(time.Now()) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closeSent {
		c.out = c.pool.grow(c.out, frameHeaderSize)
		c.out.b = appendEmptyFrame(c.out.b)
	}
}

// offerRoom wakes the senders, and perhaps the reader, that found out full.
func (c *Conn) offerRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, l := range c.roomWanted {
		l.wantsRoom = false
		l.poke()
		c.roomWanted[i] = nil
	}
	c.roomWanted = c.roomWanted[:0]
	c.released.Broadcast()
}

// writeFailed ends the connection: the reader is woken by the closed socket.
func (c *Conn) writeFailed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && !c.closeSent {
		c.err = err
	}
	c.closeSent = true // what is queued from now on has no reader
	c.endLinks(err)
	c.released.Broadcast()
	c.nc.Close()
}

// heartbeat times the empty frames that keep a quiet connection alive (part
// 2, section 2.4.5).
type heartbeat struct {
	every time.Duration
	last  time.Time // of the last write
	timer *time.Timer
}

// minHeartbeat keeps a peer with an absurd idle timeout from costing us.
const minHeartbeat = 10 * time.Millisecond

func newHeartbeat(peerIdle time.Duration) *heartbeat {
	h := &heartbeat{every: max(peerIdle/2, minHeartbeat), last: time.Now()}
	h.timer = time.NewTimer(h.every)
	if peerIdle == 0 {
		h.timer.Stop()
	}
	return h
}

// due reports whether a heartbeat must go out now, and sets the timer for the
// next look.
func (h *heartbeat) due(now time.Time) bool {
	wait := h.every - now.Sub(h.last)
	if wait > 0 {
		h.timer.Reset(wait)
		return false
	}
	h.last = now
	h.timer.Reset(h.every)
	return true
}

func (h *heartbeat) stop() { h.timer.Stop() }
