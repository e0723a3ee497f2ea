package table

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// batch runs an entity group transaction: one change set of at most 100 changes of
// different entities in one partition of one table, all or none; or one query.
//
// Parts are authorized by the outer request. A change set that fails is answered by
// one part, whose message begins with the number of the change, from 0.
func (x *exchange) batch() error {
	if err := x.admitBatch(); err != nil {
		return err
	}
	boundary, ok := boundaryOf(x.r.Header("Content-Type"))
	if !ok {
		return invalid("The Content-Type of a batch is multipart/mixed; boundary=…")
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	parts, err := splitParts(body, boundary)
	if err != nil {
		return err
	}
	if len(parts) != 1 {
		return invalid("A batch has one change set or one query; this has " + strconv.Itoa(len(parts)) + " parts.")
	}
	outer, rest, err := readHeaders(parts[0])
	if err != nil {
		return err
	}
	if inner, ok := boundaryOf(outer.Get("Content-Type")); ok {
		return x.changeSet(rest, inner)
	}
	return x.batchQuery(parts[0])
}

// admitBatch refuses, before anything is read, who shows a wrong key or nothing.
func (x *exchange) admitBatch() error {
	authorization := x.r.Header("Authorization")
	if authorization == "" && x.r.Query.Has("sig") || len(authorization) > 7 && strings.EqualFold(authorization[:7], "Bearer ") {
		return nil // by the rights of each part
	}
	_, err := x.svc.endpoint.Authorize(x.r, &x.op.Operation, storage.Target{})
	return err
}

// part is one request of a batch, and its reply.
type part struct {
	exchange
	id     string
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (p *part) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *part) WriteHeader(status int) { p.status = status }

// Write implements http.ResponseWriter.
func (p *part) Write(b []byte) (int, error) { return p.body.Write(b) }

// newPart reads a part and finds out what it does.
func (x *exchange) newPart(raw []byte) (*part, error) {
	sub, err := readSubRequest(raw)
	if err != nil {
		return nil, err
	}
	sub.http.Body = io.NopCloser(bytes.NewReader(sub.body))
	p := &part{id: sub.id, header: http.Header{}}
	p.svc, p.w = x.svc, p
	p.event.Start = x.event.Start
	if p.r, err = x.svc.endpoint.Sub(x.r, sub.http); err != nil {
		return p, err
	}
	op, err := p.route()
	if err != nil {
		return p, err
	}
	x.addr.table, p.event.Operation = p.addr.table, op.Name
	p.grant, err = x.authorizePart(op, p.addr.table)
	return p, err
}

// authorizePart asks whether the outer request may do what a part does, once for
// all parts that do the same.
func (x *exchange) authorizePart(op *operation, table string) (storage.Grant, error) {
	key := op.Name + "/" + strings.ToLower(table)
	if g, ok := x.parts[key]; ok {
		return g, nil
	}
	g, err := x.svc.endpoint.Authorize(x.r, &op.Operation, storage.Target{Container: table})
	if err == nil {
		if x.parts == nil {
			x.parts = map[string]storage.Grant{}
		}
		x.parts[key] = g
	}
	return g, err
}

// batchQuery runs the one query of a batch.
func (x *exchange) batchQuery(raw []byte) error {
	p, err := x.newPart(raw)
	if p == nil {
		return err
	}
	defer p.release()
	if err == nil && p.op.method != http.MethodGet {
		err = invalid("A change in a batch is in a change set.")
	}
	if err == nil {
		err = p.op.run(&p.exchange)
	}
	if err != nil {
		p.fail(err)
	}
	x.event.Items = 1
	name := "batchresponse_" + uuid.New()
	return x.replyBatch(name, p.appendTo(appendMark(nil, name)))
}

// changeSet runs the changes of a change set.
func (x *exchange) changeSet(body []byte, boundary string) error {
	raw, err := splitParts(body, boundary)
	if err != nil {
		return err
	}
	parts := make([]*part, 0, len(raw))
	defer func() {
		for _, p := range parts {
			p.release()
		}
	}()
	failed, err := x.runChanges(raw, &parts)
	x.event.Items = len(raw)
	if err != nil && failed < 0 {
		return err
	}
	if err != nil {
		p := parts[failed]
		p.failAt(failed, err)
		x.event.Code = p.event.Code
		return x.replyChanges(parts[failed : failed+1])
	}
	return x.replyChanges(parts)
}

// runChanges reads and makes all changes. With an error it says which part it is
// about, -1 when none.
func (x *exchange) runChanges(raw [][]byte, parts *[]*part) (failed int, err error) {
	if len(raw) == 0 {
		return -1, invalid("The change set is empty.")
	}
	changes, ops := make([]*change, len(raw)), make([]*tablestore.Op, len(raw))
	for i, r := range raw {
		p, err := x.newPart(r)
		if p == nil {
			return -1, err
		}
		*parts = append(*parts, p)
		if err != nil {
			return i, err
		}
		if changes[i], err = p.readChange((*parts)[0]); err != nil {
			return i, err
		}
		ops[i] = &changes[i].op
	}
	if len(raw) > tablestore.MaxBatch {
		return tablestore.MaxBatch, storage.Fail("InvalidInput").With("Reason", "A change set has at most 100 changes.")
	}
	t, err := x.svc.store.Table((*parts)[0].addr.table)
	if err != nil {
		return 0, err
	}
	stamps, err := t.Batch(x.r.HTTP.Context(), ops)
	var at *tablestore.BatchError
	if errors.As(err, &at) {
		return at.Index, at.Err
	}
	if err != nil {
		return 0, err
	}
	for i, p := range *parts {
		p.answer(t, changes[i], stamps[i])
	}
	return 0, nil
}

// readChange reads what the part changes.
func (p *part) readChange(first *part) (*change, error) {
	if p.op.part == nil {
		return nil, invalid("A change set has changes of entities alone.")
	}
	if !strings.EqualFold(p.addr.table, first.addr.table) {
		return nil, invalid("A change set is of one table: " + clip(first.addr.table) + ", and not also of " + clip(p.addr.table) + ".")
	}
	c, err := p.op.part(&p.exchange)
	if err != nil {
		return nil, err
	}
	return c, p.inRange(c.op.Entity.PartitionKey, c.op.Entity.RowKey)
}

// answer answers a change that was made. Clients take a body for an error, so that
// an insert has one only when the client prefers it.
func (p *part) answer(t *tablestore.Table, c *change, stamp tablestore.Ticks) {
	if c.prefer == noPreference {
		c.prefer = returnNoContent
	}
	if err := p.replyChange(t, c, stamp); err != nil {
		p.fail(err)
	}
}

// failAt answers the failure of a change set.
func (p *part) failAt(index int, err error) {
	e := *asError(err)
	e.Message = strconv.Itoa(index) + ":" + e.Message
	clear(p.header)
	p.fail(&e)
}

func (p *part) release() {
	if p.exchange.body != nil {
		p.svc.buffers.Put(p.exchange.body)
		p.exchange.body = nil
	}
}

// replyChanges answers a change set.
func (x *exchange) replyChanges(parts []*part) error {
	name, inner := "batchresponse_"+uuid.New(), "changesetresponse_"+uuid.New()
	b := appendMark(nil, name)
	b = append(b, "Content-Type: multipart/mixed; boundary="+inner+"\r\n\r\n"...)
	for _, p := range parts {
		b = p.appendTo(appendMark(b, inner))
	}
	return x.replyBatch(name, append(b, "--"+inner+"--\r\n"...))
}

func appendMark(b []byte, boundary string) []byte {
	return append(append(append(b, "--"...), boundary...), "\r\n"...)
}

func (x *exchange) replyBatch(boundary string, b []byte) error {
	x.w.Header()["X-Content-Type-Options"] = noSniff
	x.w.Header()["Dataserviceversion"] = dataServiceVersion
	b = append(b, "--"+boundary+"--\r\n"...)
	return x.reply(http.StatusAccepted, "multipart/mixed; boundary="+boundary, b)
}

// partHeaders are the headers of a part's reply in the order and case in which the
// service writes them; SDKs look for "ETag: ".
var partHeaders = []string{
	"Content-ID", "X-Content-Type-Options", "Cache-Control", "Preference-Applied", "Content-Type", "DataServiceVersion", "Content-Length",
	"Location", "DataServiceId", "ETag", "x-ms-error-code", "x-ms-continuation-NextPartitionKey", "x-ms-continuation-NextRowKey",
}

// appendTo appends the part's reply to a batch.
func (p *part) appendTo(b []byte) []byte {
	b = append(b, "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"...)
	b = append(b, "HTTP/1.1 "+strconv.Itoa(p.status)+" "+http.StatusText(p.status)+"\r\n"...)
	if p.id != "" {
		p.header["Content-Id"] = []string{p.id}
	}
	if p.status == http.StatusNoContent {
		delete(p.header, "Content-Length")
	}
	for _, name := range partHeaders {
		if v := p.header[http.CanonicalHeaderKey(name)]; len(v) > 0 {
			b = append(b, name+": "+v[0]+"\r\n"...)
		}
	}
	b = append(append(b, "\r\n"...), p.body.Bytes()...)
	return append(b, "\r\n"...)
}
