package blob

import (
	"bytes"
	"net/http"
	"sort"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Blob Batch, of the account and of a container: up to 256 requests, all Delete Blob
// or all Set Blob Tier, each with an authorization of its own, or without one under
// the batch's. They run one after the other.

func (x *exchange) batch() error {
	boundary, err := batchBoundary(x.req.Header("Content-Type"))
	if err != nil {
		return err
	}
	body, err := x.readBatch()
	if err != nil {
		return err
	}
	parts, err := parseBatch(body, boundary)
	if err != nil {
		return err
	}
	subs := make([]*subRequest, len(parts))
	for i := range parts {
		if subs[i], err = x.sub(&parts[i]); err != nil {
			return err
		}
	}
	if err := checkBatch(subs); err != nil {
		return err
	}
	x.event.Items = len(subs)
	mark := "batchresponse_" + uuid.New()
	var b bytes.Buffer
	for _, s := range subs {
		s.run()
		s.write(&b, mark)
	}
	b.WriteString("--" + mark + "--\r\n")
	x.set("Content-Type", "multipart/mixed; boundary="+mark)
	x.set("Content-Length", strconv.Itoa(b.Len()))
	x.head(http.StatusAccepted)
	_, _ = x.w.Write(b.Bytes()) // an error means that the peer is gone
	return nil
}

func (x *exchange) readBatch() ([]byte, error) {
	if x.r.ContentLength > maxBatchBytes {
		return nil, tooLarge(maxBatchBytes)
	}
	return x.readDocument()
}

// subRequest is a request of a batch and what came of it.
type subRequest struct {
	id    string
	x     *exchange
	reply recorder
	err   error // of reading it: it does not run
}

// sub reads a part as a request of its own.
func (x *exchange) sub(p *batchPart) (*subRequest, error) {
	h := http.Header{}
	for _, pair := range p.headers {
		h.Add(pair[0], pair[1])
	}
	n, _ := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if n != 0 {
		return nil, storage.Fail("InvalidInput").With("Reason", "A request of a batch has no body.")
	}
	r := &http.Request{Method: p.method, Host: h.Get("Host"), RequestURI: p.target, Header: h, Body: http.NoBody}
	s := &subRequest{id: p.id, reply: recorder{header: http.Header{}}}
	req, err := x.svc.endpoint.Sub(x.req, r)
	s.x = x.svc.newExchange(&s.reply, req)
	s.x.within = true
	s.reply.header["x-ms-request-id"] = []string{req.ID}
	s.reply.header["x-ms-version"] = []string{req.Version}
	if err == nil {
		err = s.x.route()
	}
	if err == nil && x.target.Container != "" && s.x.target.Container != x.target.Container {
		err = storage.Fail("InvalidInput").With("Reason", "The blob is not in the batch's container.")
	}
	s.err = err
	return s, nil
}

// checkBatch: all requests are Delete Blob, or all are Set Blob Tier.
func checkBatch(subs []*subRequest) error {
	kind := ""
	for _, s := range subs {
		if s.x.op == nil {
			continue
		}
		name := s.x.op.right.Name
		if name == "blob.delete.version" {
			name = "blob.delete"
		}
		switch {
		case name != "blob.delete" && name != "blob.tier":
			return storage.Fail("InvalidInput").With("Reason", "A batch holds Delete Blob and Set Blob Tier, not "+s.x.r.Method+" "+clip(s.x.r.RequestURI, 200)+".")
		case kind != "" && name != kind:
			return storage.Fail("AllBatchSubRequestsShouldBeSameApi")
		}
		kind = name
	}
	return nil
}

// run authorizes the request and does it.
func (s *subRequest) run() {
	err := s.err
	if err == nil {
		s.x.grant, err = s.x.svc.endpoint.Authorize(s.x.req, &s.x.op.right, s.x.target)
	}
	if err == nil {
		err = s.x.op.run(s.x)
	}
	if err != nil {
		s.x.fail(err)
	}
}

// write writes the reply as a part:
//
//	--MARK
//	Content-Type: application/http
//	Content-ID: 0
//
//	HTTP/1.1 202 Accepted
//	x-ms-request-id: …
//
//	<?xml …>
func (s *subRequest) write(b *bytes.Buffer, mark string) {
	b.WriteString("--" + mark + "\r\nContent-Type: application/http\r\n")
	if s.id != "" {
		b.WriteString("Content-ID: " + s.id + "\r\n")
	}
	b.WriteString("\r\nHTTP/1.1 " + strconv.Itoa(s.reply.status) + " " + http.StatusText(s.reply.status) + "\r\n")
	names := make([]string, 0, len(s.reply.header))
	for name := range s.reply.header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		text := name
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") {
			text = lower // JavaScript looks for x-ms-error-code as it is
		}
		b.WriteString(text + ": " + strings.Join(s.reply.header[name], ",") + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(s.reply.body.Bytes())
	b.WriteString("\r\n")
}

// recorder keeps a reply.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
