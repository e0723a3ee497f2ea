package door

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// quickHandler does what the path says.
func quickHandler(quick *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ours := w.(*quickReply); ours {
			quick.Add(1)
		}
		switch r.URL.Path {
		case "/empty":
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("large "), 20_000))
		case "/pieces":
			w.Header().Set("Content-Type", "text/plain")
			for i := range 3 {
				fmt.Fprintf(w, "piece %d ", i)
				w.(http.Flusher).Flush()
			}
			fmt.Fprint(w, "and the rest")
		case "/none":
			w.Header().Set("Content-Type", "text/odd")
			w.Header().Set("Content-Length", "7")
			w.WriteHeader(http.StatusNoContent)
			if _, err := io.WriteString(w, "x"); err == nil {
				panic("a body was taken")
			}
		case "/same":
			w.Header().Set("Etag", `"1"`)
			w.Header().Set("Content-Type", "text/odd")
			w.WriteHeader(http.StatusNotModified)
		case "/early":
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(http.StatusEarlyHints)
			fmt.Fprint(w, "hinted")
		case "/long":
			w.Header().Set("Content-Length", "4")
			fmt.Fprint(w, "four")
			if _, err := io.WriteString(w, "more"); err == nil {
				panic("more was taken than declared")
			}
		case "/short":
			w.Header().Set("Content-Length", "9")
			fmt.Fprint(w, "four")
		case "/split":
			w.Header()["X-Evil"] = []string{"a\r\nSet-Cookie: b"}
			w.Header()["Bad Name"] = []string{"c"}
			fmt.Fprint(w, "one line")
		case "/raw":
			w.Header()["Content-Type"] = nil
			w.Header().Set("Date", "never")
			fmt.Fprint(w, "<html>")
		case "/last":
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, "good bye")
		case "/late":
			w.WriteHeader(http.StatusAccepted)
			w.Header().Set("X-Late", "1")
			w.WriteHeader(http.StatusConflict)
		case "/trailers":
			w.Header().Set("Trailer", "X-Sum, x-none")
			w.Header().Set("X-Sum", "1")
			fmt.Fprint(w, "sum")
			w.Header().Set("X-Sum", "2")
			w.Header().Add(http.TrailerPrefix+"X-Sum", "3")
			w.Header().Add(http.TrailerPrefix+"X-More", "a\nb")
		case "/bad-trailers":
			w.Header().Set("Trailer", "content-length, host")
			fmt.Fprint(w, "sum")
			w.Header().Set("Host", "2")
		case "/unnamed":
			fmt.Fprint(w, "sum")
			w.(http.Flusher).Flush()
			w.Header().Set(http.TrailerPrefix+"X-More", "b")
		case "/unnamed-whole":
			fmt.Fprint(w, "sum")
			w.Header().Set(http.TrailerPrefix+"X-More", "b")
		case "/sized-trailers":
			w.Header().Set("Content-Length", "3")
			w.Header().Set("Trailer", "X-Sum")
			fmt.Fprint(w, "sum")
			w.Header().Set("X-Sum", "2")
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/broken":
			panic("broken")
		default:
			body, err := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s %q %v\n%d %v %v\n", r.Method, r.RequestURI, r.Host, body, err, r.ContentLength, r.TransferEncoding, r.Proto)
			names := r.Header.Clone()
			for _, name := range []string{"A", "B", "X-Ms-Date", "Cookie", "Content-Length", "Connection", "Host"} {
				fmt.Fprintf(w, "%s %q\n", name, names[name])
				delete(names, name)
			}
			fmt.Fprintf(w, "%d more\n", len(names))
		}
	}
}

// exchange sends texts, each when the one before is on its way, and reads all replies.
// Dates are as good as each other.
func (l *lab) exchange(texts ...string) string {
	c := l.dial()
	defer c.Close()
	go func() {
		for i, text := range texts {
			if i > 0 {
				time.Sleep(3 * time.Millisecond) // so that it mostly comes apart
			}
			_, _ = io.WriteString(c, text)
		}
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	var out strings.Builder
	in := bufio.NewReader(c)
	for {
		method := http.MethodGet
		if strings.HasPrefix(texts[0], "HEAD") {
			method = http.MethodHead
		}
		reply, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
				fmt.Fprintf(&out, "no answer: %v\n", err)
			}
			break
		}
		body, err := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if d := reply.Header["Date"]; len(d) == 1 && d[0] != "never" {
			reply.Header["Date"] = []string{"a date"}
		}
		fmt.Fprintf(&out, "%s %v %d %v close=%v %q %v %v\n", reply.Status, reply.Header, reply.ContentLength, reply.TransferEncoding, reply.Close, body, err, reply.Trailer)
	}
	return out.String()
}

// TestQuickAsNetHTTP: whatever is asked, and however it is answered, clients see the
// same as from net/http alone.
func TestQuickAsNetHTTP(t *testing.T) {
	testkit.NoLeaks(t)
	var quick, plain atomic.Int64
	ours := open(t, testkit.Listen(t), Port{TLS: Either, Quick: true}, Names{}, answers(quickHandler(&quick)))
	theirs := open(t, testkit.Listen(t), Port{TLS: Either}, Names{}, answers(quickHandler(&plain)))
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n" }
	var here, most int64
	for _, c := range []struct {
		name  string
		quick int64
		texts []string
	}{
		{"plain", 1, []string{get("/x?a=b%20c&d")}},
		{"headers", 1, []string{"PUT /x HTTP/1.1\r\nhost:localhost\r\na: 1\r\nb:  two words\t\r\nA: 3\r\nx-ms-date: now\r\nCookie: k=v\r\nconnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello"}},
		{"one after the other", 3, []string{get("/x"), get("/empty"), get("/x")}},
		{"all at once", 3, []string{get("/x") + get("/pieces") + "POST /y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"}},
		{"in parts", 1, []string{"GET /x HT", "TP/1.1\r\nHost: loc", "alhost\r\n", "\r\n"}},
		{"the body later", 1, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n", "hello"}},
		{"a method of its own", 1, []string{"MERGE /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"}},
		{"HEAD", 1, []string{"HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
		{"HEAD of much", 1, []string{"HEAD /short HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
		{"large", 1, []string{get("/large")}},
		{"pieces", 1, []string{get("/pieces")}},
		{"no content", 1, []string{get("/none")}},
		{"not modified", 1, []string{get("/same")}},
		{"early hints", 1, []string{get("/early")}},
		{"too long", 1, []string{get("/long")}},
		{"too short", 1, []string{get("/short") + get("/x")}},
		{"no other header", 1, []string{get("/split")}},
		{"no type", 1, []string{get("/raw")}},
		{"closes", 1, []string{get("/last") + get("/x")}},
		{"late headers", 1, []string{get("/late")}},
		{"trailers", 3, []string{get("/trailers") + get("/unnamed") + get("/x")}},
		{"trailers that cannot be", 1, []string{get("/bad-trailers")}},
		{"HEAD of trailers", 1, []string{"HEAD /trailers HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
		{"trailers that nobody named", 2, []string{get("/unnamed-whole") + get("/x")}},
		{"trailers of a known length", 1, []string{get("/sized-trailers")}},
		{"aborts", 1, []string{get("/abort")}},
		{"panics", 1, []string{get("/broken")}},

		{"chunks", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}},
		{"chunks behind", 1, []string{get("/x") + "PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + get("/y")}},
		{"both framings", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" + get("/y")}},
		{"two lengths", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"}},
		{"a signed length", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc"}},
		{"large body", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000\r\n\r\n" + strings.Repeat("0123456789", 3000)}},
		{"large head", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nLong: " + strings.Repeat("0123456789", 3000) + "\r\n\r\n"}},
		{"asks to go on", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "hello"}},
		{"close", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + get("/x")}},
		{"1.0", 0, []string{"GET /x HTTP/1.0\r\n\r\n"}},
		{"another version", 0, []string{"GET /x HTTP/3.7\r\nHost: localhost\r\n\r\n"}},
		{"whole address", 0, []string{"GET http://localhost/x HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
		{"all of it", 0, []string{"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
		{"no host", 0, []string{"GET /x HTTP/1.1\r\n\r\n"}},
		{"two hosts", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"}},
		{"bad host", 0, []string{"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n"}},
		{"bad escape", 0, []string{get("/%zz")}},
		{"space in a name", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nA : b\r\n\r\n"}},
		{"folded", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n"}},
		{"line feeds", 0, []string{"GET /x HTTP/1.1\nHost: localhost\n\nGET /y HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
		{"a line feed inside", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n"}},
		{"a carriage return inside", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nA: b\rc\r\n\r\n"}},
		{"a zero", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nA: b\x00\r\n\r\n"}},
		{"pragma", 0, []string{"GET /x HTTP/1.1\r\nHost: localhost\r\nPragma: no-cache\r\n\r\n"}},
		{"empty lines first", 0, []string{"\r\n\r\n" + get("/x")}},
		{"no HTTP", 0, []string{"hello\r\n\r\n"}},
		{"cut off", 0, []string{"GET /x HTTP/1.1\r\nHo"}},
		{"a body cut off", 0, []string{"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel"}},
		{"nothing", 0, []string{""}},
	} {
		quick.Store(0)
		got, want := ours.exchange(c.texts...), theirs.exchange(c.texts...)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-net/http +quick):\n%s", c.name, d)
		}
		// On a slow machine something may come late, and is net/http's then.
		n := quick.Load()
		if n > c.quick {
			t.Errorf("%s: %d were answered here, want %d", c.name, n, c.quick)
		}
		here, most = here+n, most+c.quick
	}
	if here < most/2 {
		t.Errorf("%d of %d were answered here", here, most)
	}
	if plain.Load() > 0 {
		t.Error("a port that is not quick was")
	}
}

// TestQuickClientGone: a handler that takes its time learns that the client went.
func TestQuickClientGone(t *testing.T) {
	testkit.NoLeaks(t)
	entered, left := make(chan struct{}), make(chan struct{})
	l := open(t, testkit.Listen(t), Port{Quick: true}, Names{}, answers(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	}))
	c := l.dial()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-entered
	c.Close()
	select {
	case <-left:
	case <-time.After(3 * within):
		t.Fatal("the handler does not learn it")
	}
}

// TestQuickNextWhileOneIsSlow: what comes while a handler takes its time is the next
// request, whole.
func TestQuickNextWhileOneIsSlow(t *testing.T) {
	testkit.NoLeaks(t)
	release := make(chan struct{})
	var quick atomic.Int64
	l := open(t, testkit.Listen(t), Port{Quick: true}, Names{}, answers(func(w http.ResponseWriter, r *http.Request) {
		if _, ours := w.(*quickReply); ours {
			quick.Add(1)
		}
		if r.URL.Path == "/slow" {
			<-release
		}
		fmt.Fprint(w, r.URL.Path)
	}))
	c := l.dial()
	in := bufio.NewReader(c)
	for range 3 {
		fmt.Fprint(c, "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.Sleep(3 * watchAfter) // mostly the look has begun then, and what follows is seen by it
		fmt.Fprint(c, "GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.Sleep(watchAfter)
		release <- struct{}{}
		for _, want := range []string{"/slow", "/next"} {
			reply, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(reply.Body)
			_ = reply.Body.Close()
			if err != nil || string(body) != want {
				t.Fatalf("%q, %v; want %s", body, err, want)
			}
		}
	}
	if quick.Load() == 0 {
		t.Error("none was answered here")
	}
}

// TestQuickLateReader: a handler's body that is read after it has returned, as a
// transport does that sends it on, gives an error and nothing of the next request.
func TestQuickLateReader(t *testing.T) {
	testkit.NoLeaks(t)
	bodies := make(chan io.Reader, 2)
	l := open(t, testkit.Listen(t), Port{Quick: true}, Names{}, answers(func(w http.ResponseWriter, r *http.Request) {
		bodies <- r.Body
		w.WriteHeader(http.StatusNoContent)
	}))
	c := l.dial()
	in := bufio.NewReader(c)
	for _, body := range []string{"first", "other"} {
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n%s", body)
		reply, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if late, err := io.ReadAll(<-bodies); len(late) != 0 || err == nil {
			t.Errorf("read afterwards: %q, %v", late, err)
		}
	}
}

// TestQuickStops: stopping ends connections that wait, and lets a handler finish.
func TestQuickStops(t *testing.T) {
	testkit.NoLeaks(t)
	entered, release := make(chan struct{}), make(chan struct{})
	listener := testkit.Listen(t)
	set := New(Options{})
	set.add(set.made(Port{Account: site, Quick: true}, listener, false))
	set.Route(answers(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-release
		}
		fmt.Fprint(w, "finished")
	}))
	stop, gone := serve(t, set)
	defer stop()
	l := &lab{t: t, addr: listener.Addr().String()}
	idle, busy := l.dial(), l.dial()
	fmt.Fprint(idle, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	in := bufio.NewReader(idle)
	first, err := http.ReadResponse(in, nil)
	if err != nil || first.Close {
		t.Fatal(first, err)
	}
	defer first.Body.Close()
	fmt.Fprint(busy, "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-entered
	begin := time.Now()
	stop()
	if _, err := io.Copy(io.Discard, in); err != nil || time.Since(begin) >= drainLimit {
		t.Errorf("the idle connection was kept for %v: %v", time.Since(begin), err)
	}
	close(release)
	reply, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil || !reply.Close {
		t.Fatalf("the request under way: %v, %v", reply, err)
	}
	defer reply.Body.Close()
	if body, err := io.ReadAll(reply.Body); err != nil || string(body) != "finished" {
		t.Errorf("%q, %v", body, err)
	}
	<-gone
}

// FuzzQuickHead: what is taken for a whole request here, net/http's reader takes for
// the same one, of the same length.
func FuzzQuickHead(f *testing.F) {
	for _, seed := range []string{
		"GET /a?b=c HTTP/1.1\r\nHost: h\r\nA: b\r\na: c\r\n\r\n",
		"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /",
		"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"GET /a HTTP/1.1\nHost: h\n\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var q quickConn
		h, whole, fits := q.head(data)
		if !whole || !fits {
			return
		}
		all := bufio.NewReaderSize(bytes.NewReader(data), len(data)+16)
		r, err := http.ReadRequest(all)
		if err != nil {
			t.Fatalf("net/http: %v", err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		own, err := io.ReadAll(h.request.Body)
		if err != nil {
			t.Fatal(err)
		}
		if used := len(data) - all.Buffered(); used != h.length {
			t.Errorf("it has %d bytes, for net/http %d", h.length, used)
		}
		o := &h.request
		if o.Method != r.Method || o.RequestURI != r.RequestURI || o.Host != r.Host || o.ContentLength != r.ContentLength || *o.URL != *r.URL ||
			o.Proto != r.Proto || len(r.TransferEncoding) > 0 || !bytes.Equal(own, body) || !maps.EqualFunc(o.Header, r.Header, func(a, b []string) bool { return cmp.Equal(a, b) }) {
			t.Errorf("it is\n%+v, for net/http\n%+v", o, r)
		}
	})
}

// TestQuickReason: a handler may say the reason of a status, and nothing beyond it.
func TestQuickReason(t *testing.T) {
	l := open(t, testkit.Listen(t), Port{Quick: true}, Names{}, answers(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/x" {
			w.(interface{ SetReason(text string) }).SetReason("Ip Forbidden\r\nX-Evil: 1")
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	for path, want := range map[string]string{"/x": "403 Ip ForbiddenX-Evil: 1", "/y": "403 Forbidden"} {
		reply, err := http.Get("http://" + l.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.Status != want || reply.Header.Get("X-Evil") != "" {
			t.Errorf("%q %v, want %q", reply.Status, reply.Header, want)
		}
	}
}
