package blob

import (
	"context"
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
)

// exchange is one request and its reply. It lives on the request's goroutine.
type exchange struct {
	svc    *Service
	w      http.ResponseWriter
	r      *http.Request
	req    *storage.Request
	target storage.Target
	grant  storage.Grant
	op     *operation
	within bool // a batch: there are no batches in it
	lose   bool // an intercept rule wants the reply lost
	begun  bool // the reply's head is out
	event  storage.RequestDone

	values wire.Values // of the reply's headers
}

func (x *exchange) ctx() context.Context { return x.r.Context() }

// mayAlso asks for more than the operation's row does: a letter of a SAS, an action of
// a token's roles. Nobody anonymous has it; the account's key has everything.
func (x *exchange) mayAlso(letter byte, action string) error {
	switch {
	case x.grant.Token:
		also := storage.Operation{Name: x.op.right.Name, Level: x.op.right.Level, Actions: []string{action}}
		_, err := x.svc.endpoint.Authorize(x.req, &also, x.target)
		return err
	case x.grant.Anonymous, !x.grant.Has(letter):
		return storage.Fail("AuthorizationPermissionMismatch")
	}
	return nil
}

// reply sends a status without a body.
func (x *exchange) reply(status int) error {
	if status != http.StatusNoContent && status != http.StatusNotModified {
		x.set("Content-Length", "0")
	}
	x.head(status)
	return nil
}

// replyXML sends a document.
func (x *exchange) replyXML(status int, body []byte) error {
	x.set("Content-Type", "application/xml")
	x.set("Content-Length", strconv.Itoa(len(body)))
	x.head(status)
	x.event.ResponseBytes = int64(len(body))
	_, _ = x.w.Write(body) // an error means that the peer is gone; net/http notices it too
	return nil
}

// head sends the reply's head. Every reply that is no error goes through it.
func (x *exchange) head(status int) {
	if x.lose {
		panic(http.ErrAbortHandler)
	}
	x.begun = true
	x.event.Status = status
	x.req.Expose(x.w.Header())
	x.w.WriteHeader(status)
}

// fail answers with an error and logs it when it is ours.
func (x *exchange) fail(err error) {
	e := asError(err)
	if e.Ours() {
		x.svc.failures.Write(x.svc.log, x.svc.now(), x.event.Operation, x.req.LogID(), err)
	}
	x.event.Code = e.Code
	if x.begun {
		panic(http.ErrAbortHandler) // the client must see that the body is not whole
	}
	if e.Status != http.StatusNotModified && !x.within {
		x.drain()
	}
	x.svc.endpoint.WriteError(x.w, x.req, e)
	x.event.Status = e.Status
}

// finish tells the listener.
func (x *exchange) finish() {
	if x.svc.onRequest == nil || x.within {
		return
	}
	x.event.Container, x.event.Blob = x.target.Container, x.target.Blob
	x.event.Duration = x.svc.now().Sub(x.event.Start)
	x.svc.onRequest(x.event)
}
