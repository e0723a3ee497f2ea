package door

import (
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"
)

// quickWhole is how much of a body is kept until the handler ends or flushes; a reply
// that is no longer is written at once, with its length.
const quickWhole = 32 << 10

// sniffed is how much of a body says what it is.
const sniffed = 512

// quickReply is the http.ResponseWriter of a quick connection, used for one request
// after the other. Its rules are net/http's: what a handler declares is kept to, and
// what it leaves open (Content-Length, Content-Type, Date) is filled in.
type quickReply struct {
	conn    net.Conn
	request *http.Request
	header  http.Header
	head    []byte // status line and headers, without those that are filled in
	body    []byte // that is not written yet
	keys    []string

	status   int    // 0: WriteHeader is to come
	reason   string // of the status; "": as usual
	declared int64  // Content-Length of the handler; -1: none
	came     int64  // bytes that the handler wrote
	typed    bool   // the handler said what the body is, or that it does not
	begun    bool   // the head is written
	chunked  bool
	closes   bool     // the handler wants the connection closed
	trailers []string // whose names were declared
	trails   bool     // trailers follow the body, so that it comes in chunks
	failed   error
}

// begin is ready for the next request.
func (w *quickReply) begin(c net.Conn, r *http.Request) {
	head, body, keys := w.head, w.body, w.keys
	*w = quickReply{conn: c, request: r, header: make(http.Header), head: head[:0], body: body[:0], keys: keys[:0], declared: -1}
}

// Header implements http.ResponseWriter.
func (w *quickReply) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. What is put into the headers afterwards
// is not sent.
func (w *quickReply) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic("invalid WriteHeader code " + strconv.Itoa(status))
	}
	if w.status != 0 {
		return
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		b := w.headers(statusLine(nil, status, ""), nil)
		w.write(append(b, "\r\n"...))
		return
	}
	w.status = status
	left := append(make([]string, 0, 3), "Transfer-Encoding") // which is this writer's
	if !hasBody(status) {
		left = append(left, "Content-Length")
		if status == http.StatusNotModified {
			left = append(left, "Content-Type")
		}
	}
	if all := w.header["Content-Length"]; len(all) > 0 {
		n, err := strconv.ParseInt(strings.TrimSpace(all[0]), 10, 64)
		if err == nil && n >= 0 {
			w.declared = n
		} else {
			left = append(left, "Content-Length")
		}
	}
	_, typed := w.header["Content-Type"]
	w.typed = typed || len(w.header["Content-Encoding"]) > 0 && w.header["Content-Encoding"][0] != ""
	w.declareTrailers()
	w.closes = httpguts.HeaderValuesContainsToken(w.header["Connection"], "close")
	w.head = w.headers(statusLine(w.head, status, w.reason), left)
	if _, dated := w.header["Date"]; !dated {
		w.head = append(append(append(w.head, "Date: "...), dateNow()...), "\r\n"...)
	}
}

// declareTrailers notes what the handler says will follow the body.
func (w *quickReply) declareTrailers() {
	for _, v := range w.header["Trailer"] {
		w.trails = true
		for name := range strings.SplitSeq(v, ",") {
			if name = textproto.CanonicalMIMEHeaderKey(strings.Trim(name, " \t")); httpguts.ValidTrailerHeader(name) {
				w.trailers = append(w.trailers, name)
			}
		}
	}
	for name := range w.header {
		w.trails = w.trails || strings.HasPrefix(name, http.TrailerPrefix)
	}
}

// endChunks writes what follows the last chunk: the trailers, and an empty line.
func (w *quickReply) endChunks() {
	w.head = append(w.head, "0\r\n"...)
	last := make(http.Header)
	for name, values := range w.header {
		if plain, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			last[plain] = values
		}
	}
	for _, name := range w.trailers {
		last[name] = append(last[name], w.header[name]...)
	}
	if len(last) > 0 {
		w.header = last
		w.head = w.headers(w.head, nil)
	}
	w.head = append(w.head, "\r\n"...)
}

func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// SetReason sets the reason phrase of the status to come, which net/http has no way to
// do. Line ends and other controls are left out.
func (w *quickReply) SetReason(text string) {
	w.reason = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

func statusLine(b []byte, status int, text string) []byte {
	b = strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(status), 10)
	b = append(b, ' ')
	if text == "" {
		text = http.StatusText(status)
	}
	if text != "" {
		return append(append(b, text...), "\r\n"...)
	}
	return append(strconv.AppendInt(append(b, "status code "...), int64(status), 10), "\r\n"...)
}

// lineEnds are what no value may have.
var lineEnds = strings.NewReplacer("\n", " ", "\r", " ")

// headers appends the headers in the order of their names, but for those left out.
func (w *quickReply) headers(b []byte, left []string) []byte {
	w.keys = w.keys[:0]
	for name := range w.header {
		if !slices.Contains(left, name) {
			w.keys = append(w.keys, name)
		}
	}
	slices.Sort(w.keys)
	for _, name := range w.keys {
		if !httpguts.ValidHeaderFieldName(name) {
			continue
		}
		for _, v := range w.header[name] {
			if strings.ContainsAny(v, "\r\n") {
				v = lineEnds.Replace(v)
			}
			b = append(append(append(append(b, name...), ": "...), strings.Trim(v, " \t")...), "\r\n"...)
		}
	}
	return b
}

// Write implements http.ResponseWriter.
func (w *quickReply) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if !hasBody(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	if w.declared >= 0 && w.came+int64(len(p)) > w.declared {
		return 0, http.ErrContentLength
	}
	w.came += int64(len(p))
	if w.request.Method == http.MethodHead {
		w.body = append(w.body, p[:min(len(p), sniffed-min(len(w.body), sniffed))]...)
		return len(p), nil
	}
	w.body = append(w.body, p...)
	if len(w.body) > quickWhole {
		w.Flush()
	}
	return len(p), w.failed
}

// Flush implements http.Flusher.
func (w *quickReply) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.begun {
		w.chunked = w.declared < 0 && hasBody(w.status) && w.request.Method != http.MethodHead
		w.open()
	}
	w.piece()
}

// open ends the head: what follows in it is what the handler left open.
func (w *quickReply) open() {
	w.begun = true
	if !w.typed && len(w.body) > 0 {
		w.head = append(append(append(w.head, "Content-Type: "...), http.DetectContentType(w.body)...), "\r\n"...)
	}
	if w.chunked {
		w.head = append(w.head, "Transfer-Encoding: chunked\r\n"...)
	}
	w.head = append(w.head, "\r\n"...)
}

// piece writes what has not been written.
func (w *quickReply) piece() {
	switch {
	case w.request.Method == http.MethodHead:
	case w.chunked && len(w.body) > 0:
		w.head = append(strconv.AppendInt(w.head, int64(len(w.body)), 16), "\r\n"...)
		w.head = append(append(w.head, w.body...), "\r\n"...)
	default:
		w.head = append(w.head, w.body...)
	}
	if len(w.head) > 0 {
		w.write(w.head)
	}
	w.head, w.body = w.head[:0], w.body[:0]
}

// end writes the rest, and reports whether another request may follow.
func (w *quickReply) end(stopping bool) (again bool) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	head := w.request.Method == http.MethodHead
	if !w.begun {
		w.chunked = w.trails && w.declared < 0 && hasBody(w.status) && !head
		if !w.trails && w.declared < 0 && hasBody(w.status) && (!head || w.came > 0) {
			w.declared = w.came
			w.head = append(strconv.AppendInt(append(w.head, "Content-Length: "...), w.came, 10), "\r\n"...)
		}
		if stopping && !w.closes {
			w.closes = true
			w.head = append(w.head, "Connection: close\r\n"...)
		}
		w.open()
	}
	if w.chunked {
		w.piece()
		w.endChunks()
	}
	w.piece()
	if cap(w.head) > quickKept {
		w.head = nil
	}
	if cap(w.body) > quickKept {
		w.body = nil
	}
	short := w.declared >= 0 && hasBody(w.status) && !head && w.came < w.declared
	return !w.closes && !stopping && !short && w.failed == nil
}

func (w *quickReply) write(b []byte) {
	if w.failed == nil {
		_, w.failed = w.conn.Write(b)
	}
}

// date is the header Date of a second.
type date struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[date]

func dateNow() string {
	now := time.Now()
	d := lastDate.Load()
	if d == nil || d.second != now.Unix() {
		d = &date{now.Unix(), now.UTC().Format(http.TimeFormat)}
		lastDate.Store(d)
	}
	return d.text
}
