package table

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
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
	body   *wire.Buffer             // the request's, returned to the pool at the end
	event  storage.RequestDone
}

func (s *Service) newExchange(w http.ResponseWriter) *exchange {
	x := &exchange{svc: s, w: w}
	x.event.Service, x.event.Account, x.event.Start = storage.Table, s.account.ID, s.now()
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

// readBody reads the whole body. The bytes stay valid until the request ends.
func (x *exchange) readBody() ([]byte, error) {
	if x.body != nil {
		return x.body.B, nil
	}
	x.body = x.svc.buffers.Get()
	err := x.body.Fill(x.r.HTTP.Body, x.r.HTTP.ContentLength, maxBody)
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return nil, x.tooLarge()
	case err != nil:
		return nil, invalid("The body could not be read to its end.")
	}
	x.event.RequestBytes = int64(len(x.body.B))
	return x.body.B, nil
}

func (x *exchange) tooLarge() error {
	wire.Drain(x.r.HTTP.Body)
	return storage.Fail("RequestBodyTooLarge").With("Reason", "A body has at most "+strconv.Itoa(maxBody)+" bytes.")
}

// set writes a header of the reply by its canonical name.
func (x *exchange) set(name, value string) { x.w.Header()[name] = []string{value} }

// reply sends a status and a body of a media type; "" is no body.
func (x *exchange) reply(status int, mediaType string, body []byte) error {
	h := x.w.Header()
	h["Cache-Control"] = noCache
	if mediaType != "" {
		x.set("Content-Type", mediaType)
	}
	if status != http.StatusNoContent {
		x.set("Content-Length", strconv.Itoa(len(body)))
	}
	if x.r.Method() == http.MethodHead {
		body = nil
	}
	x.r.Expose(h)
	x.event.Status, x.event.ResponseBytes = status, int64(len(body))
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
	if e.Ours() {
		x.svc.failures.Write(x.svc.log, x.svc.now(), x.event.Operation, x.r.LogID(), err)
	}
	h := x.w.Header()
	h["Cache-Control"], h["Dataserviceversion"], h["X-Content-Type-Options"] = noCache, dataServiceVersion, noSniff
	e = x.svc.endpoint.WriteError(x.w, x.r, e)
	x.event.Status, x.event.Code = e.Status, e.Code
}

// finish returns the buffers and tells the listener.
func (x *exchange) finish() {
	if x.body != nil {
		x.svc.buffers.Put(x.body)
		x.body = nil
	}
	if x.svc.onRequest == nil || x.r == nil {
		return
	}
	x.event.Container, x.event.RequestID, x.event.Remote = x.addr.table, x.r.ID, x.r.HTTP.RemoteAddr
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
