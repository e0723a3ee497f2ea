package queue

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
)

// exchange is one request and its reply. It lives on the request's goroutine.
type exchange struct {
	svc   *Service
	w     http.ResponseWriter
	h     *http.Request
	r     *storage.Request
	grant storage.Grant
	event storage.RequestDone

	name    string // of the queue; "" the service
	message string // id of the message
	kind    pathKind
}

func (s *Service) begin(w http.ResponseWriter, h *http.Request) *exchange {
	return &exchange{svc: s, w: w, h: h, event: storage.RequestDone{Service: storage.Queue, Account: s.account.ID, Remote: h.RemoteAddr, Start: s.now()}}
}

// read reads the request's line and headers.
func (x *exchange) read() error {
	var err error
	x.r, err = x.svc.endpoint.Begin(x.w, x.h)
	x.event.RequestID = x.r.ID
	if err != nil {
		return err
	}
	return x.readPath()
}

// finish tells the listener.
func (x *exchange) finish() {
	if x.svc.onRequest == nil {
		return
	}
	x.event.Container = x.name
	x.event.Duration = x.svc.now().Sub(x.event.Start)
	x.svc.onRequest(x.event)
}

// fail replies with an error, and logs it when it is ours.
func (x *exchange) fail(err error) {
	e := x.svc.endpoint.WriteError(x.w, x.r, asError(err))
	x.event.Status, x.event.Code = e.Status, e.Code
	if e.Ours() {
		x.svc.failures.Write(x.svc.log, x.svc.now(), x.event.Operation, x.r.LogID(), err)
	}
}

// queue is the queue of the path.
func (x *exchange) queue() (*engine.Queue, error) { return x.svc.store.Queue(x.name) }

// reply sends a status and an XML body, or none.
func (x *exchange) reply(status int, body []byte) error {
	h := x.w.Header()
	if body != nil {
		h["Content-Type"] = []string{"application/xml"}
	}
	if status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	h["Cache-Control"] = []string{"no-cache"}
	x.r.Expose(h)
	x.event.Status, x.event.ResponseBytes = status, int64(len(body))
	x.w.WriteHeader(status)
	if len(body) > 0 && x.r.Method() != http.MethodHead {
		_, _ = x.w.Write(body) // the client may be gone
	}
	return nil
}

// maxBody bounds what is read of a body. A message of 64 KiB may be all escapes.
const maxBody = 6*engine.MaxText + 4<<10

// body reads the request's body.
func (x *exchange) body() ([]byte, error) {
	if x.h.ContentLength > maxBody {
		return nil, tooLarge()
	}
	b, err := io.ReadAll(io.LimitReader(x.h.Body, maxBody+1))
	x.event.RequestBytes = int64(len(b))
	switch {
	case len(b) > maxBody:
		return nil, tooLarge()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, storage.Fail("InvalidInput").With("Reason", "The body ends before its Content-Length.")
	case err != nil:
		return nil, storage.Fail("InvalidInput").With("Reason", "The body cannot be read to its end.").Because(err)
	}
	return b, nil
}

func tooLarge() error {
	return storage.Fail("RequestBodyTooLarge").With("MaxLimit", strconv.Itoa(engine.MaxText))
}

// number reads a parameter that is a whole number in bounds; otherwise is its value
// when it is absent.
func (x *exchange) number(name string, low, high, otherwise int64) (int64, error) {
	text, given := x.r.Query.Lookup(name)
	if !given {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && (n < low || n > high):
		return 0, storage.OutOfRange(name, text, low, high)
	case err != nil:
		return 0, storage.InvalidQuery(name, text, "It is not a whole number.")
	}
	return n, nil
}

// needs refuses a request without a parameter.
func (x *exchange) needs(names ...string) error {
	for _, name := range names {
		if !x.r.Query.Has(name) {
			return storage.Fail("MissingRequiredQueryParameter").With("QueryParameterName", name)
		}
	}
	return nil
}

const maxSeconds = int64(engine.MaxDelay / time.Second)

// visibility reads visibilitytimeout, in seconds.
func (x *exchange) visibility(low, otherwise int64) (time.Duration, error) {
	n, err := x.number("visibilitytimeout", low, maxSeconds, otherwise)
	return time.Duration(n) * time.Second, err
}
