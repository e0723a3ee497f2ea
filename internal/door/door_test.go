package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/localca"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const within = 10 * time.Second

var site = resource.Account{ID: 1, Type: resource.Sites, Name: "app"}

// lab is a set of doors under test: one port, and what answers there.
type lab struct {
	t    *testing.T
	set  *Set
	addr string
	ca   *localca.CA
}

// open serves one port on the listener until the test ends.
func open(t *testing.T, l net.Listener, p Port, names Names, routes ...Route) *lab {
	t.Helper()
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	base, err := ca.Server([]string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	set := New(Options{Names: names, Certificate: NewCertificates(base, names, ca.Issue).Get, Log: testkit.Discard()})
	if p.Account == (resource.Account{}) {
		p.Account = site
	}
	set.add(set.made(p, l, false))
	set.Route(routes...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- set.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(2 * within):
			t.Error("the doors do not stop")
		}
	})
	return &lab{t, set, l.Addr().String(), ca}
}

// answers is a route of the site account.
func answers(h http.HandlerFunc) Route {
	return Route{Type: resource.Sites, HTTP: func(resource.Account) http.Handler { return h }}
}

func echo(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }

// get asks with a client of its own, so that no connection is left.
func (l *lab) get(scheme string) (string, error) {
	client := &http.Client{Timeout: within, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // not under test here
		ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(scheme + "://" + l.addr)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func (l *lab) dial() net.Conn {
	l.t.Helper()
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(within))
	return c
}

func TestFirstByteDecides(t *testing.T) {
	testkit.NoLeaks(t)
	l := open(t, testkit.Listen(t), Port{TLS: Either}, Names{}, answers(echo))
	l.dial() // a silent client delays nobody
	for scheme, want := range map[string]string{"http": "HTTP/1.1", "https": "HTTP/2.0"} {
		if got, err := l.get(scheme); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", scheme, got, err, want)
		}
	}
}

func TestTLSOnlyAndPlain(t *testing.T) {
	testkit.NoLeaks(t)
	for mode, works := range map[TLS]string{Plain: "http", Only: "https"} {
		l := open(t, testkit.Listen(t), Port{TLS: mode}, Names{}, answers(echo))
		for _, scheme := range []string{"http", "https"} {
			got, err := l.get(scheme)
			if answered := err == nil && strings.HasPrefix(got, "HTTP/"); answered != (scheme == works) {
				t.Errorf("mode %d, %s: %q, %v", mode, scheme, got, err)
			}
		}
	}
}

// flaky is a listener that runs out of file descriptors for a while.
type flaky struct {
	net.Listener
	mu   sync.Mutex
	left int // errors still to come; guarded by mu
}

func (f *flaky) Accept() (net.Conn, error) {
	f.mu.Lock()
	fail := f.left > 0
	f.left--
	f.mu.Unlock()
	if fail {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return f.Listener.Accept()
}

// TestAcceptErrorEndsNothing: one EMFILE closed the Cosmos port for ever, since
// its listener repeated the error to a server that took it for temporary.
func TestAcceptErrorEndsNothing(t *testing.T) {
	testkit.NoLeaks(t)
	for _, mode := range []TLS{Plain, Either} {
		l := open(t, &flaky{Listener: testkit.Listen(t), left: 5}, Port{TLS: mode}, Names{}, answers(echo))
		for range 3 {
			if got, err := l.get("http"); err != nil || got != "HTTP/1.1" {
				t.Errorf("mode %d: %q, %v", mode, got, err)
			}
		}
	}
}

// TestAcceptBacksOff: errors in a row are waited for longer and longer, up to a
// second, and said once.
func TestAcceptBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		log := slog.New(slog.NewTextHandler(&said, nil))
		ctx, cancel := context.WithCancel(t.Context())
		l := &failing{}
		done := make(chan error)
		go func() { done <- accept(ctx, l, log, func(net.Conn) {}) }()
		time.Sleep(time.Minute) // of synctest's clock
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if l.calls < 60 || l.calls > 80 {
			t.Errorf("%d tries in a minute", l.calls)
		}
		if n := strings.Count(said.String(), "\n"); n != 1 {
			t.Errorf("%d lines in the log:\n%s", n, said.String())
		}
	})
}

type failing struct {
	net.Listener
	calls int
}

func (f *failing) Accept() (net.Conn, error) { f.calls++; return nil, syscall.EMFILE }

// TestClosedListenerEndsTheDoors: what ends a port for good is told.
func TestClosedListenerEndsTheDoors(t *testing.T) {
	testkit.NoLeaks(t)
	l := testkit.Listen(t)
	set := New(Options{})
	set.add(set.made(Port{Title: "Portal", Account: site}, l, false))
	l.Close()
	if err := set.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Portal: ") {
		t.Errorf("Run: %v", err)
	}
}

// TestSilentConnectionsGiveWay: thousands that say nothing shut out nobody.
func TestSilentConnectionsGiveWay(t *testing.T) {
	testkit.NoLeaks(t)
	for _, mode := range []TLS{Plain, Either} {
		l := open(t, testkit.Listen(t), Port{TLS: mode, MaxSilent: 3, MaxConns: 8}, Names{}, answers(echo))
		first := l.dial()
		for range 20 {
			l.dial()
		}
		if _, err := first.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("mode %d: the oldest silent connection: %v", mode, err)
		}
		if got, err := l.get("http"); err != nil || got != "HTTP/1.1" {
			t.Errorf("mode %d: %q, %v", mode, got, err)
		}
	}
}

// TestTooManyConnections: those beyond the limit are closed unanswered, and a
// place that comes free is given again.
func TestTooManyConnections(t *testing.T) {
	testkit.NoLeaks(t)
	l := open(t, testkit.Listen(t), Port{MaxConns: 2}, Names{}, answers(echo))
	var kept []net.Conn
	for range 2 {
		c := l.dial()
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, c)
	}
	if _, err := l.get("http"); err == nil {
		t.Error("a third connection was answered")
	}
	kept[0].Close()
	testkit.Eventually(t, within, func() bool { _, err := l.get("http"); return err == nil }, "a place that came free")
}

// TestStopLetsRequestsFinish: what is under way is answered, what is silent is
// cut, nothing new is taken.
func TestStopLetsRequestsFinish(t *testing.T) {
	testkit.NoLeaks(t)
	entered, release := make(chan struct{}), make(chan struct{})
	listener := testkit.Listen(t)
	set := New(Options{})
	set.add(set.made(Port{Account: site}, listener, false))
	set.Route(answers(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "finished")
	}))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- set.Run(ctx) }()
	l := &lab{t: t, addr: listener.Addr().String()}
	silent := l.dial()
	answer := make(chan string, 1)
	go func() { got, _ := l.get("http"); answer <- got }()
	<-entered
	begin := time.Now()
	stop()
	if _, err := silent.Read(make([]byte, 1)); err == nil || time.Since(begin) >= drainLimit {
		t.Errorf("the silent connection was kept for %v: %v", time.Since(begin), err)
	}
	close(release)
	if got := <-answer; got != "finished" {
		t.Errorf("the request under way: %q", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.addr); err == nil {
		t.Error("a new connection was taken")
	}
}

// TestEndAtOnce ends streams when stopping begins, rather than after the time
// that requests have to finish.
func TestEndAtOnce(t *testing.T) {
	testkit.NoLeaks(t)
	listener := testkit.Listen(t)
	set := New(Options{})
	set.add(set.made(Port{Account: site, EndAtOnce: true}, listener, false))
	entered := make(chan struct{})
	set.Route(answers(func(w http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done() }))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- set.Run(ctx) }()
	l := &lab{t: t, addr: listener.Addr().String()}
	gone := make(chan struct{})
	go func() { l.get("http"); close(gone) }()
	<-entered
	begin := time.Now()
	stop()
	<-done
	<-gone
	if took := time.Since(begin); took >= drainLimit {
		t.Errorf("a stream held the stop for %v", took)
	}
}

func TestPortInUseNamesTheWayOut(t *testing.T) {
	l := testkit.Listen(t)
	set := New(Options{Listen: "127.0.0.1"})
	_, err := set.Open(Port{Title: "Cosmos DB", Key: "cosmos.port", Port: uint16(l.Addr().(*net.TCPAddr).Port)})
	if err == nil || !strings.Contains(err.Error(), "Cosmos DB: port") || !strings.Contains(err.Error(), "cosmos.port") {
		t.Errorf("error %v does not name service and key", err)
	}
}

func TestCertificateFollowsTheName(t *testing.T) {
	testkit.NoLeaks(t)
	made := map[string]bool{}
	names := Names{
		Hosts: []string{"*.lan.example"},
		Find: func(name, _ string) (resource.Account, Meaning) {
			if made[name] {
				return site, Known
			}
			return site, Another
		},
	}
	l := open(t, testkit.Listen(t), Port{TLS: Only}, names, answers(echo))
	pool := l.ca.Pool()
	shown := func(name string) error {
		c, err := tls.Dial("tcp", l.addr, &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12})
		if err != nil {
			return err
		}
		return c.Close()
	}
	for _, name := range []string{"localhost", "127.0.0.1", "a.lan.example", "myhub.localhost", "a.lan.example"} {
		if err := shown(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := shown("later.example"); err == nil {
		t.Error("a certificate for a name that is not ours")
	}
	made["later.example"] = true
	if err := shown("later.example"); err != nil {
		t.Errorf("an account made later: %v", err)
	}
}
