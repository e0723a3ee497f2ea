package table

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// exchange is one request and its reply, or one part of a batch. It lives on the
// request's goroutine.
type exchange struct {
	svc    *Service
	w      http.ResponseWriter
	r      *storage.Request
	addr   address
	method string // what X-HTTP-Method says, or the request's own
	op     *operation
	grant  storage.Grant
	parts  map[string]storage.Grant // of a batch, what its parts may do
	body   *buffer                  // the request's, returned to the pool at the end
	event  RequestDone
}

func (s *Service) newExchange(w http.ResponseWriter) *exchange {
	x := &exchange{svc: s, w: w}
	x.event.Account, x.event.Start = s.account.ID, s.now()
	return x
}

// maxBody bounds bodies: an entity has at most 1 MiB, which escapes can make four
// of, and a batch 4 MiB.
const maxBody = 4 << 20

// readMethod finds the method: clients behind proxies send others as POST.
func (x *exchange) readMethod() error {
	x.method = x.r.Method()
	said := x.r.HTTP.Header["X-Http-Method"]
	if len(said) == 0 {
		said = x.r.HTTP.Header["X-Http-Method-Override"]
	}
	switch {
	case len(said) == 0:
		return nil
	case len(said) > 1:
		return storage.Fail("XMethodIncorrectCount")
	case x.method != http.MethodPost:
		return storage.Fail("XMethodNotUsingPost")
	}
	switch said[0] {
	case http.MethodPut, http.MethodPatch, merge, http.MethodDelete:
		x.method = said[0]
		return nil
	}
	return storage.Fail("XMethodIncorrectValue")
}

// buffer is a pooled byte slice for bodies.
type buffer struct{ b []byte }

// keepBuffer is the largest buffer worth pooling.
const keepBuffer = 1 << 20

// bufferPool is a service's scratch memory. Its zero value is ready.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) get() *buffer {
	b, ok := p.pool.Get().(*buffer)
	if !ok {
		return &buffer{make([]byte, 0, 4<<10)}
	}
	b.b = b.b[:0]
	return b
}

func (p *bufferPool) put(b *buffer) {
	if cap(b.b) <= keepBuffer {
		p.pool.Put(b)
	}
}

// readBody reads the whole body. The bytes stay valid until the request ends.
func (x *exchange) readBody() ([]byte, error) {
	if x.body != nil {
		return x.body.b, nil
	}
	h := x.r.HTTP
	if h.ContentLength > maxBody {
		return nil, x.tooLarge()
	}
	x.body = x.svc.buffers.get()
	b := x.body.b
	if n := int(h.ContentLength); n >= cap(b) {
		b = make([]byte, 0, n+1)
	}
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := h.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		x.body.b = b
		switch {
		case len(b) > maxBody:
			return nil, x.tooLarge()
		case errors.Is(err, io.EOF):
			x.event.RequestBytes = len(b)
			return b, nil
		case err != nil:
			return nil, invalid("The body could not be read to its end.")
		}
	}
}

// drain is how much of a body that is refused is read and dropped: many clients
// look for a reply only after they have sent everything.
const drain = 32 << 20

func (x *exchange) tooLarge() error {
	_, _ = io.CopyN(io.Discard, x.r.HTTP.Body, drain) // whatever fails here fails for the client too
	return storage.Fail("RequestBodyTooLarge").With("Reason", "A body has at most "+strconv.Itoa(maxBody)+" bytes.")
}

// set writes a header of the reply by its canonical name.
func (x *exchange) set(name, value string) { x.w.Header()[name] = []string{value} }

// reply sends a status and a body of a media type; "" is no body.
func (x *exchange) reply(status int, mediaType string, body []byte) error {
	h := x.w.Header()
	h["Cache-Control"] = noCache
	if mediaType != "" {
		h["Content-Type"] = []string{mediaType}
	}
	if status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	if x.r.Method() == http.MethodHead {
		body = nil
	}
	x.r.Expose(h)
	x.event.Status, x.event.ResponseBytes = status, len(body)
	x.w.WriteHeader(status)
	if len(body) > 0 {
		_, _ = x.w.Write(body) // the client may be gone
	}
	return nil
}

// replyJSON sends OData.
func (x *exchange) replyJSON(status int, level metadata, body []byte) error {
	h := x.w.Header()
	h["Dataserviceversion"] = dataServiceVersion
	h["X-Content-Type-Options"] = noSniff
	if body == nil {
		return x.reply(status, "", nil)
	}
	return x.reply(status, level.mediaType(), body)
}

// The values of headers that are always the same.
var (
	noCache            = []string{"no-cache"}
	noSniff            = []string{"nosniff"}
	dataServiceVersion = []string{"3.0;"}
)

// fail replies with an error and logs it when it is ours.
func (x *exchange) fail(err error) {
	e := asError(err)
	if e.Status >= http.StatusInternalServerError && e.Code != "NotImplemented" {
		x.svc.log.Error("request failed", "operation", x.event.Operation, "request_id", x.r.ID, "error", err)
	}
	h := x.w.Header()
	h["Cache-Control"], h["Dataserviceversion"], h["X-Content-Type-Options"] = noCache, dataServiceVersion, noSniff
	e = x.svc.endpoint.WriteError(x.w, x.r, e)
	x.event.Status, x.event.Code = e.Status, e.Code
}

// finish returns the buffers and tells the listener.
func (x *exchange) finish() {
	if x.body != nil {
		x.svc.buffers.put(x.body)
		x.body = nil
	}
	if x.svc.onRequest == nil || x.r == nil {
		return
	}
	x.event.Table, x.event.RequestID = x.addr.table, x.r.ID
	x.event.Duration = x.svc.now().Sub(x.event.Start)
	x.svc.onRequest(x.event)
}

// preflight answers a browser that asks for a page.
func (x *exchange) preflight() error {
	if err := x.svc.endpoint.Preflight(x.w, x.r); err != nil {
		return err
	}
	x.event.Status = http.StatusOK
	return nil
}

// checkContent refuses a body that is not JSON.
func (x *exchange) checkContent() error {
	media, _, _ := strings.Cut(x.r.Header("Content-Type"), ";")
	switch media = strings.ToLower(strings.TrimSpace(media)); {
	case media == "" || media == "application/json" || media == "text/json":
		return nil
	case media == "application/atom+xml" || media == "application/xml":
		return storage.Fail("AtomFormatNotSupported")
	}
	return storage.Fail("MediaTypeNotSupported").With("Reason", "The body is "+clip(media)+"; application/json is expected.")
}
