package cosmos

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// exchange is one request and its reply. It lives on the request's goroutine.
type exchange struct {
	svc  *Service
	w    http.ResponseWriter
	r    *http.Request
	addr address
	who  caller

	coll   *docstore.Container // once an operation resolved it
	info   *containerInfo      // of coll
	owner  owner               // of what the reply is about, if that is not in coll
	charge float64             // request units of the operation
	lose   bool                // an intercept rule wants the reply lost
	body   *wire.Buffer        // the request's body, returned to the pool at the end
	event  RequestDone

	values wire.Values // of the reply's headers
}

// Limits on request bodies. Azure takes 2 MB per document and per batch; the
// slack is for escapes and system properties a client sends back.
const (
	maxDocumentBytes = 2 << 20
	maxBodyBytes     = maxDocumentBytes + 256<<10
)

func newExchange(s *Service, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{svc: s, w: w, r: r}
	x.event.Account, x.event.Remote, x.event.Start = s.account.ID, r.RemoteAddr, s.now()
	x.event.ActivityID = activityID(r.Header)
	return x
}

// activityID is the client's own id for the request, or a new one.
func activityID(h http.Header) string {
	if v := first(h, hdrActivityID); len(v) == 36 && !strings.ContainsFunc(v, notGUID) {
		return v
	}
	return uuid.New()
}

func notGUID(r rune) bool {
	return r != '-' && !('0' <= r && r <= '9') && !('a' <= r && r <= 'f') && !('A' <= r && r <= 'F')
}

// header reads a request header by its canonical key.
func (x *exchange) header(key string) string { return first(x.r.Header, key) }

// set writes a reply header by its canonical key.
func (x *exchange) set(key, value string) { x.w.Header()[key] = x.values.Of(value) }

// readBody reads the whole request body. The bytes stay valid until the
// request ends.
func (x *exchange) readBody() ([]byte, error) {
	if x.body != nil {
		return x.body.B, nil
	}
	x.body = x.svc.buffers.Get()
	err := x.body.Fill(x.r.Body, x.r.ContentLength, maxBodyBytes)
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return nil, x.tooLarge()
	case err != nil:
		return nil, badRequest(subNone, "The request body could not be read to its end.")
	}
	x.event.RequestBytes = len(x.body.B)
	return x.body.B, nil
}

// tooLarge refuses the body.
func (x *exchange) tooLarge() *apiError {
	wire.Drain(x.r.Body)
	return &apiError{
		status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLarge",
		msg: "Request size is too large: a document or batch may have at most 2 MB.",
	}
}

// reply sends a status and a JSON body. Every reply goes through it, so it is
// where the constant headers are written.
func (x *exchange) reply(status int, body []byte) error {
	if x.lose {
		panic(http.ErrAbortHandler)
	}
	h := x.w.Header()
	h[hdrActivityID] = x.values.Of(x.event.ActivityID)
	h[hdrTransportID] = valZero
	h[hdrVersion] = valVersion
	h[hdrGatewayVersion] = valGatewayVersion
	h[hdrServiceVersion] = valServiceVersion
	h[hdrSchemaVersion] = valSchemaVersion
	h[hdrLastChange] = x.svc.started
	if x.coll != nil {
		x.setContainerHeaders(h)
	}
	if x.owner.path != nil {
		h[hdrAltContentPath], h[hdrContentPath] = x.owner.path, x.owner.rid
	}
	var num [32]byte
	h[hdrCharge] = x.values.Of(string(appendCharge(num[:0], x.charge)))
	elapsed := x.svc.now().Sub(x.event.Start)
	h[hdrDuration] = x.values.Of(string(strconv.AppendFloat(num[:0], float64(elapsed)/float64(time.Millisecond), 'f', 3, 64)))
	if body != nil {
		h[hdrContentType] = valJSON
	}
	if status != http.StatusNoContent && status != http.StatusNotModified {
		h[hdrContentLength] = x.values.Of(strconv.Itoa(len(body)))
	}
	x.event.Status, x.event.Charge, x.event.ResponseBytes = status, x.charge, len(body)
	x.w.WriteHeader(status)
	if len(body) > 0 {
		// A write error means that the peer is gone; net/http notices it too.
		_, _ = x.w.Write(body)
	}
	return nil
}

// setContainerHeaders adds what session caches and lease estimators read.
func (x *exchange) setContainerHeaders(h http.Header) {
	lsn := x.coll.LSN()
	var num [40]byte
	token := string(appendSessionToken(num[:0], lsn))
	text := x.values.Of(token[len(rangeID)+len(":-1#"):])
	h[hdrSessionToken] = x.values.Of(token)
	h[hdrLSN], h[hdrLLSN], h[hdrGlobalCommittedLSN] = text, text, text
	h[hdrRangeID] = valRangeID
	h[hdrAltContentPath], h[hdrContentPath] = x.info.self.path, x.info.self.rid
}

// fail replies with an error and logs it when it is ours.
func (x *exchange) fail(err error) {
	e := asAPIError(err)
	if e.status >= http.StatusInternalServerError {
		x.svc.failures.Write(x.svc.log, x.svc.now(), x.event.Operation, x.requestID(), err)
	}
	if x.charge == 0 {
		x.charge = chargeMinimal
	}
	x.event.SubStatus = e.sub
	if e.sub != 0 {
		x.set(hdrSubStatus, strconv.Itoa(e.sub))
	}
	if e.retry > 0 {
		x.set(hdrRetryAfter, strconv.Itoa(e.retry))
	}
	_ = x.reply(e.status, errorBody(e, x.event.ActivityID))
}

// requestID names the request in the log.
func (x *exchange) requestID() slog.Attr { return slog.String("activity_id", x.event.ActivityID) }

// finish returns the buffers and tells the listener.
func (x *exchange) finish() {
	if x.body != nil {
		x.svc.buffers.Put(x.body)
		x.body = nil
	}
	if x.svc.onRequest == nil {
		return
	}
	x.event.Database, x.event.Container = x.addr.db, x.addr.coll
	x.event.Duration = x.svc.now().Sub(x.event.Start)
	x.svc.onRequest(x.event)
}
