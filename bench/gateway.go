package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// gatewayConns ask at once for the throughput.
const gatewayConns = 32

// gatewayRounds is how often each front is measured, in turn.
const gatewayRounds = 3

// gatewayFile is a gateway as the workshop has it: a key, a header and a rate limit.
const gatewayFile = projectFile + `gateway:
  port: 0
  apis: {api: {path: api, backend: "http://%s", policy: policy.xml}}
  subscriptions: {bench: {key: ` + gatewayKey + `}}
`

const gatewayKey = "0123456789abcdef0123456789abcdef"

const gatewayPolicy = `<policies><inbound><base />
<set-header name="x-functions-key" exists-action="override"><value>k</value></set-header>
<rate-limit calls="1000000000" renewal-period="60" />
</inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>`

// front is a proxy before the backend, or the backend itself.
type front struct {
	name, address, target string
	pid                   int // 0: the bench's own
	p50, p99              []time.Duration
	rate                  []float64
	cpu                   []time.Duration // per request
}

// gateway measures a call through the gateway beside Caddy's reverse proxy and the
// standard library's, before a backend that answers at once. Two more say where the floor
// is: a process that only passes bytes on, and one that has net/http's server and nothing
// behind it.
func gateway(ctx context.Context, l *lab) error {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer backend.Close()
	go serveCanned(backend)
	to := backend.Addr().String()
	s, err := startGateway(ctx, l, to)
	if err != nil {
		return err
	}
	defer s.stop()
	caddy, err := caddyPeer(ctx, l, to)
	if err != nil {
		return fmt.Errorf("caddy: %w", err)
	}
	defer caddy.stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var peers [3]*peer
	for i, mode := range [...]string{"serve-proxy", "serve-bytes", "serve-least"} {
		if peers[i], err = startPeer(ctx, mode, self, mode, to); err != nil {
			return err
		}
		defer peers[i].stop()
	}
	plain, passed, least := peers[0], peers[1], peers[2]
	fronts := []*front{
		{name: "the backend itself", address: to, target: "/x"},
		{name: "lazuli: key, header, rate limit", address: s.info.Addresses[instance.Gateway], target: "/api/x", pid: s.cmd.Process.Pid},
		{name: "Caddy " + caddy.said + ": header", address: caddy.address, target: "/api/x", pid: caddy.cmd.Process.Pid},
		{name: "net/http/httputil: header", address: plain.address, target: "/api/x", pid: plain.cmd.Process.Pid},
		{name: "no HTTP: what one reads the other writes", address: passed.address, target: "/api/x", pid: passed.cmd.Process.Pid},
		{name: "no backend: net/http answers by itself", address: least.address, target: "/api/x", pid: least.cmd.Process.Pid},
	}
	for range gatewayRounds {
		for _, f := range fronts {
			if err := f.measure(l.seconds); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	gatewayTables(fronts)
	return nil
}

func startGateway(ctx context.Context, l *lab, to string) (*server, error) {
	dir, err := os.MkdirTemp(l.dir, "project-")
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{config.FileName: fmt.Sprintf(gatewayFile, to), "policy.xml": gatewayPolicy} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return l.startIn(ctx, dir)
}

// measure asks one after the other, then with all connections at once.
func (f *front) measure(d time.Duration) error {
	var l lean
	defer l.close()
	r := &leanRequest{host: f.address, method: http.MethodGet, target: f.target, head: []byte("Ocp-Apim-Subscription-Key: " + gatewayKey + "\r\n")}
	var all []time.Duration
	for begun := time.Now(); time.Since(begun) < d/2; {
		at := time.Now()
		if err := l.good(r); err != nil {
			return err
		}
		all = append(all, time.Since(at))
	}
	all = all[len(all)/10:] // the first ones warm it up
	slices.Sort(all)
	f.p50, f.p99 = append(f.p50, percentile(all, 50)), append(f.p99, percentile(all, 99))

	var n atomic.Int64
	var failed atomic.Pointer[error]
	var work sync.WaitGroup
	cpu, begun := cpuOf(f.pid), time.Now()
	for range gatewayConns {
		work.Go(func() {
			for time.Since(begun) < d && failed.Load() == nil {
				if err := l.good(r); err != nil {
					failed.Store(&err)
					return
				}
				n.Add(1)
			}
		})
	}
	work.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	if n.Load() == 0 {
		return errShort
	}
	f.rate = append(f.rate, float64(n.Load())/time.Since(begun).Seconds())
	f.cpu = append(f.cpu, (cpuOf(f.pid)-cpu)/time.Duration(n.Load()))
	return nil
}

// gatewayTables shows the median of the rounds, and ratios beside the peers.
func gatewayTables(fronts []*front) {
	var rows [][]string
	direct, ours := fronts[0], fronts[1]
	for _, f := range fronts {
		used, beside := us(median(f.cpu)), fmt.Sprintf("%.2f", median(ours.rate)/median(f.rate))
		if f == direct {
			used, beside = "", ""
		}
		rows = append(rows, []string{f.name, us(median(f.p50)), us(median(f.p99)), us(median(f.p50) - median(direct.p50)), fmt.Sprintf("%.0f", median(f.rate)), used, beside})
	}
	table([]string{"GET, 15 bytes", "p50, one after the other", "p99", "more at p50 than the backend", fmt.Sprintf("requests/s, %d at a time", gatewayConns), "its CPU per request", "lazuli / this, requests/s"}, rows)
}

func median[T int64 | float64 | time.Duration](all []T) T {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// serveCanned answers every request of a connection with the same bytes. The load and
// the proxies have the cores that way.
func serveCanned(l net.Listener) {
	reply := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			in := bufio.NewReaderSize(c, 8<<10)
			for {
				line, err := in.ReadSlice('\n')
				if err != nil {
					return
				}
				if len(bytes.TrimRight(line, "\r\n")) > 0 {
					continue
				}
				if _, err := c.Write(reply); err != nil {
					return
				}
			}
		}()
	}
}

// peer is a proxy in a process of its own.
type peer struct {
	cmd           *exec.Cmd
	address, said string
}

// startPeer starts a program with -listen and -to, or this one as serve-…, and waits for
// its first line.
func startPeer(ctx context.Context, name, bin string, args ...string) (*peer, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &peer{address: free.Addr().String()}
	free.Close()
	if strings.HasPrefix(args[0], "serve-") {
		args = append(args, p.address)
	} else {
		args = append(args, "-listen", p.address)
	}
	p.cmd = exec.CommandContext(ctx, bin, args...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanln(out, &p.said); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	return p, nil
}

func (p *peer) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait() // it was told to end
}

// caddyPeer builds and starts bench/peers/caddy, which has a module of its own.
func caddyPeer(ctx context.Context, l *lab, to string) (*peer, error) {
	bin := filepath.Join(l.dir, "caddy-peer")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, ".")
	build.Dir = filepath.Join("bench", "peers", "caddy")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, text)
	}
	return startPeer(ctx, "caddy", bin, "-to", to)
}

// serveProxy is what the bench is when it starts itself: serve-MODE BACKEND ADDRESS.
func serveProxy() (ok bool, err error) {
	if len(os.Args) != 4 {
		return false, nil
	}
	to := os.Args[2]
	serve, ok := map[string]func(net.Listener) error{
		"serve-proxy": func(l net.Listener) error { return serveHandler(l, http.StripPrefix("/api", reverseProxy(to))) },
		"serve-bytes": func(l net.Listener) error { return serveBytes(l, to) },
		"serve-least": func(l net.Listener) error { return serveHandler(l, http.HandlerFunc(answerOK)) },
	}[os.Args[1]]
	if !ok {
		return false, nil
	}
	l, err := net.Listen("tcp", os.Args[3])
	if err != nil {
		return true, err
	}
	fmt.Println(strconv.Itoa(os.Getpid()))
	return true, serve(l)
}

func serveHandler(l net.Listener, h http.Handler) error {
	server := http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	return server.Serve(l)
}

// reverseProxy is net/http/httputil's.
func reverseProxy(to string) http.Handler {
	return &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 2 * gatewayConns, DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: to})
			r.Out.Header.Set("X-Functions-Key", "k")
		},
	}
}

func answerOK(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"ok"}`) // the client may be gone
}

// serveBytes passes on what it reads, over a connection to the backend for each of a
// client: as much as any proxy has to do, for requests and answers of one piece.
func serveBytes(l net.Listener, to string) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		b, err := net.Dial("tcp", to)
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			defer b.Close()
			buf := make([]byte, 8<<10)
			for from, to := c, b; ; from, to = to, from {
				n, err := from.Read(buf)
				if err != nil {
					return
				}
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}
