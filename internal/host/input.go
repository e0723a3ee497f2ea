package host

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Input is what an invocation was given. It costs nothing until Text is called,
// which is allowed while the event that carries it is told.
type Input struct {
	data *funcrpc.TypedData // as the worker got it; nil before there was a worker
	leg  *httpLeg           // of a request that was forwarded
}

// InputText is an input as a text that can be given again.
type InputText struct {
	Text  string
	Batch bool // Text is a JSON array, an element to an item
	HTTP  bool // Text is a JSON object: method, path, headers, body, base64, removed
	Cut   bool // there was more
}

// Text puts the input into words: at most limit bytes of what was given. Keys
// and credentials among the headers and in the address are left out.
func (i Input) Text(limit int) InputText {
	if i.leg != nil {
		body, cut := i.leg.sent(limit)
		return httpInputText(i.leg.request.Method, i.leg.request.URL.RequestURI(), i.leg.request.Header, body, cut)
	}
	switch d := i.data.GetData().(type) {
	case *funcrpc.TypedData_Http:
		return rpcInputText(d.Http, limit)
	case *funcrpc.TypedData_CollectionString:
		return listText(d.CollectionString.GetString_(), limit)
	case *funcrpc.TypedData_CollectionBytes:
		texts := make([]string, 0, len(d.CollectionBytes.GetBytes()))
		for _, b := range d.CollectionBytes.GetBytes() {
			texts = append(texts, string(b))
		}
		return listText(texts, limit)
	case *funcrpc.TypedData_Json:
		text, cut := cutText(d.Json, limit)
		return InputText{Text: text, Cut: cut}
	case nil:
		return InputText{}
	default:
		body, _ := bodyOf(i.data)
		text, cut := cutText(string(body), limit)
		return InputText{Text: text, Cut: cut}
	}
}

// listText writes a JSON array: what is a JSON object or array as it is, bytes
// that are no text as {"$bytes": base64}, any other text as a string.
func listText(items []string, limit int) InputText {
	out := InputText{Batch: true}
	var b strings.Builder
	b.WriteByte('[')
	for n, item := range items {
		if b.Len()+len(item) > limit {
			out.Cut = true
			break
		}
		if n > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(itemText(item))
	}
	b.WriteByte(']')
	out.Text = b.String()
	return out
}

func itemText(item string) string {
	trimmed := strings.TrimSpace(item)
	switch {
	case !utf8.ValidString(item):
		return `{"$bytes":"` + base64.StdEncoding.EncodeToString([]byte(item)) + `"}`
	case (strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")) && json.Valid([]byte(trimmed)):
		return item
	}
	return quote(item)
}

// quote is the text as JSON, its signs as they are.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""` // a text always encodes
	}
	return strings.TrimRight(b.String(), "\n")
}

// splitItems is the inverse of listText.
func splitItems(text string) ([]string, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	items := make([]string, len(raw))
	for i, r := range raw {
		var s string
		var bin struct {
			Bytes *[]byte `json:"$bytes"`
		}
		switch {
		case json.Unmarshal(r, &s) == nil:
			items[i] = s
		case json.Unmarshal(r, &bin) == nil && bin.Bytes != nil:
			items[i] = string(*bin.Bytes)
		default:
			items[i] = string(r)
		}
	}
	return items, nil
}

func rpcInputText(h *funcrpc.RpcHttp, limit int) InputText {
	header := http.Header{}
	for name, v := range h.GetHeaders() {
		header.Set(name, v)
	}
	for name, v := range h.GetNullableHeaders() {
		header.Set(name, v.GetValue())
	}
	address := h.GetUrl()
	if u, err := url.Parse(address); err == nil {
		address = u.RequestURI()
	}
	body, _ := bodyOf(h.GetBody())
	cut := len(body) > limit
	return httpInputText(h.GetMethod(), address, header, body[:min(len(body), limit)], cut)
}

// requestText is a request as Input.Text writes it.
type requestText struct {
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Headers map[string][]string `json:"headers,omitempty"`
	Body    string              `json:"body,omitempty"`
	Base64  bool                `json:"base64,omitempty"`
	Removed []string            `json:"removed,omitempty"` // credentials that are not shown
}

func httpInputText(method, address string, header http.Header, body []byte, cut bool) InputText {
	out := requestText{Method: method, Headers: map[string][]string{}}
	out.Path, out.Removed = withoutKeys(address)
	for name, values := range header {
		if secretWord(name) {
			out.Removed = append(out.Removed, name)
		} else if !strings.HasPrefix(name, "X-Forwarded-") && name != "Content-Length" && name != "Host" {
			out.Headers[name] = values
		}
	}
	if out.Base64 = !utf8.Valid(body) && !cut; out.Base64 {
		out.Body = base64.StdEncoding.EncodeToString(body)
	} else {
		out.Body = strings.ToValidUTF8(string(body), "")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(out) != nil {
		return InputText{} // texts always encode
	}
	return InputText{Text: strings.TrimRight(b.String(), "\n"), HTTP: true, Cut: cut}
}

// withoutKeys takes parameters that are credentials out of an address.
func withoutKeys(address string) (clean string, removed []string) {
	path, query, found := strings.Cut(address, "?")
	if !found {
		return address, nil
	}
	kept := []string{}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if secretWord(name) || strings.EqualFold(name, "code") || strings.EqualFold(name, "sig") {
			removed = append(removed, "?"+name)
			continue
		}
		kept = append(kept, part)
	}
	if len(kept) == 0 {
		return path, removed
	}
	return path + "?" + strings.Join(kept, "&"), removed
}

// secretWord reports whether the name of a header or parameter is that of a
// credential.
func secretWord(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"authorization", "cookie", "key", "token", "secret", "password", "credential", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// cutText cuts between two characters.
func cutText(s string, limit int) (string, bool) {
	if len(s) <= limit {
		return s, false
	}
	return strings.ToValidUTF8(s[:limit], ""), true
}

// What is kept of a request and a failed answer that are forwarded.
const (
	keptRequest = 64 << 10
	keptAnswer  = 8 << 10
)

// httpLeg follows a request that is forwarded: what has passed of its body, and
// what came back.
type httpLeg struct {
	request *http.Request
	headed  chan struct{} // closed once the answer's head has come, or none will
	over    chan struct{} // closed once the answer has passed
	once    sync.Once

	mu     sync.Mutex // guards the fields below
	body   []byte
	more   bool
	status int
	answer []byte

	ended bool // the answer's head said so; see worker.DirectEnded
}

func newLeg(r *http.Request) *httpLeg {
	return &httpLeg{request: r, headed: make(chan struct{}), over: make(chan struct{})}
}

// watch notes what is read of the request's body.
func (l *httpLeg) watch(body io.ReadCloser) io.ReadCloser {
	return &noted{body, func(b []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		room := min(len(b), keptRequest-len(l.body))
		l.body, l.more = append(l.body, b[:room]...), l.more || room < len(b)
	}}
}

// head notes the answer's status, and the beginning of its body when it is the
// answer of a failure.
func (l *httpLeg) head(r *http.Response) {
	_, l.ended = r.Header[worker.DirectEnded]
	delete(r.Header, worker.DirectEnded)
	l.mu.Lock()
	l.status = r.StatusCode
	l.mu.Unlock()
	l.once.Do(func() { close(l.headed) })
	if r.StatusCode < http.StatusInternalServerError {
		return
	}
	r.Body = &noted{r.Body, func(b []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answer = append(l.answer, b[:min(len(b), keptAnswer-len(l.answer))]...)
	}}
}

func (l *httpLeg) end() {
	l.once.Do(func() { close(l.headed) })
	close(l.over)
}

func (l *httpLeg) sent(limit int) (body []byte, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(limit, len(l.body))
	return bytes.Clone(l.body[:n]), l.more || n < len(l.body)
}

// came returns the answer's status, 0 when there was none, and what is kept of
// it.
func (l *httpLeg) came() (status int, answer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status, string(l.answer)
}

// noted is a body whose reader is overheard.
type noted struct {
	io.ReadCloser
	note func([]byte)
}

func (n *noted) Read(b []byte) (int, error) {
	c, err := n.ReadCloser.Read(b)
	if c > 0 {
		n.note(b[:c])
	}
	return c, err
}

// await waits for the answer's head, and for all of it when it tells of a
// failure, but not for long.
func (l *httpLeg) await(patience time.Duration) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-l.headed:
	case <-late.C:
		return
	}
	if status, _ := l.came(); status < http.StatusInternalServerError {
		return
	}
	select {
	case <-l.over:
	case <-late.C:
	}
}
