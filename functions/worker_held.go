package functions

import (
	"maps"
	"net/http"
)

// heldBytes is how much of a response is held back: as much as net/http holds.
const heldBytes = 2048

// heldResponse is the http.ResponseWriter of a request that told of its invocation. As
// net/http's own it holds a short response back until the handler flushes or ends;
// unlike that one it holds the head too, which can then say how the invocation ended.
type heldResponse struct {
	http.ResponseWriter
	code   int         // 0: the handler has not begun
	header http.Header // as it was when the handler began
	body   []byte
	out    bool // what is held has gone out, and the rest follows at once
}

// WriteHeader begins the response.
func (h *heldResponse) WriteHeader(code int) {
	switch {
	case h.out || code < 200:
		h.ResponseWriter.WriteHeader(code)
	case h.code == 0:
		h.code, h.header = code, h.Header().Clone()
	}
}

// Write writes a part of the body.
func (h *heldResponse) Write(p []byte) (int, error) {
	if h.code == 0 {
		h.WriteHeader(http.StatusOK)
	}
	switch {
	case h.out:
	case h.code == http.StatusNoContent || h.code == http.StatusNotModified:
		return 0, http.ErrBodyNotAllowed
	case len(h.body)+len(p) <= heldBytes:
		h.body = append(h.body, p...)
		return len(p), nil
	default:
		if err := h.release(false); err != nil {
			return 0, err
		}
	}
	return h.ResponseWriter.Write(p)
}

// release writes what is held. With ended the head says that the invocation has
// succeeded.
func (h *heldResponse) release(ended bool) error {
	if h.out {
		return nil
	}
	h.out = true
	if h.code == 0 {
		h.code = http.StatusOK
	}
	live := h.Header()
	var later http.Header // what the handler set after it began: trailers, if anything
	if h.header != nil {
		later = live.Clone()
		clear(live)
		maps.Copy(live, h.header)
	}
	delete(live, directEnded)
	if ended {
		live[directEnded] = []string{"1"}
	}
	h.ResponseWriter.WriteHeader(h.code)
	maps.Copy(live, later)
	if len(h.body) == 0 {
		return nil
	}
	_, err := h.ResponseWriter.Write(h.body)
	return err
}

// end ends the response. It reports whether its head could say that the invocation has
// ended, with ended.
func (h *heldResponse) end(ended bool) bool {
	said := ended && !h.out
	_ = h.release(ended) // the caller is gone
	return said
}

// fail answers 500 in the place of what is held. It is false when a part of the
// response is out.
func (h *heldResponse) fail() bool {
	if h.out {
		return false
	}
	clear(h.Header())
	h.code, h.header, h.body = http.StatusInternalServerError, nil, nil
	_ = h.release(false) // the caller is gone
	return true
}

// Flush implements http.Flusher.
func (h *heldResponse) Flush() {
	_ = h.release(false) // the caller is gone
	_ = http.NewResponseController(h.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the server's own.
func (h *heldResponse) Unwrap() http.ResponseWriter { return h.ResponseWriter }
