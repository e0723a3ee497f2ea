package apim

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

var update = flag.Bool("update", false, "write what is into the goldens")

// TestSnippets runs policy documents as people write them, through a real service over
// real sockets. Each archive in testdata/snippets is one document:
//
//	api.xml, global.xml, NAME.fragment   the texts of policies
//	around    what else is defined, a line each: see define
//	upstream  what hosts behind the gateway answer, in blocks: METHOD HOST/PATH, then
//	          STATUS and headers between bars, then the body; blocks of one request
//	          come one after the other, and the last one stays
//	calls     requests, each METHOD PATH, headers, an empty line and the body, between
//	          lines --; a line +1m moves the clock
//	results   what went to whom and what came back
//
// In requests RS{…} and HS{…} stand for tokens with these claims: signed with the key
// of the sign-in host, or with the secret that is "0123…" twice.
func TestSnippets(t *testing.T) {
	files, err := filepath.Glob("testdata/snippets/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d documents (%v)", len(files), err)
	}
	signer := newSigner(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newSnippet(t, a, signer)
			got := s.run()
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "results" })
			if i < 0 {
				i, a.Files = len(a.Files), append(a.Files, txtar.File{Name: "results"})
			}
			if *update {
				a.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(a.Files[i].Data) {
				t.Errorf("got\n%s\nwant\n%s", got, a.Files[i].Data)
			}
		})
	}
}

// snippet is a document on its way.
type snippet struct {
	t      *testing.T
	files  map[string]string
	names  []string // of the files, in their order: a fragment stands before who includes it
	signer *signer
	now    time.Time
	up     *upstream
	engine *gateway.Engine
	front  *httptest.Server
	out    strings.Builder
	served chan struct{} // a call is over, whatever of its reply has come
	failed string        // why the last call failed
	close  func()
}

func newSnippet(t *testing.T, a *txtar.Archive, signer *signer) *snippet {
	t.Helper()
	s := &snippet{t: t, files: map[string]string{}, signer: signer, served: make(chan struct{}, 1), now: time.Unix(1_800_000_000, 0)}
	for _, f := range a.Files {
		s.files[f.Name] = string(f.Data)
		s.names = append(s.names, f.Name)
	}
	s.up = newUpstream(s.files["upstream"], signer)
	hosts := httptest.NewServer(s.up)
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "down.test:") {
			return nil, errors.New("connection refused")
		}
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(hosts.URL, "http://"))
	}}
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	s.engine, err = gateway.Open(gateway.Options{
		DB: db, Transport: plainly{transport}, Region: "West Europe", Clock: func() time.Time { return s.now },
		Authority: func(tenant string) string {
			return "https://signin.test/" + tenant + "/.well-known/openid-configuration"
		},
		Token: func(_ context.Context, _ uint64, client, resource string) (string, error) {
			return "identity" + client + "-for-" + resource, nil
		},
		Done: func(c gateway.Call) {
			if f := c.Failure; f != nil {
				s.failed = fmt.Sprintf("failed %s/%s: %s\n", f.Source, f.Reason, f.Message)
			}
		},
		Event: func(_ context.Context, l gateway.Logger, partition, key, text string) error {
			s.up.noteLater(fmt.Sprintf("event to %s (%s%s) %s\n", l.Hub, partition, key, text))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	service, err := s.engine.Service(1, "shop")
	if err != nil {
		t.Fatal(err)
	}
	s.define(service)
	front := &Service{Gateway: service}
	s.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { s.served <- struct{}{} }()
		front.ServeHTTP(w, r)
	}))
	s.close = func() {
		s.front.Close()
		if err := errors.Join(s.engine.Close(), db.Close()); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		hosts.Close()
	}
	return s
}

// plainly asks hosts of https without encryption: what is behind the gateway is here.
type plainly struct{ *http.Transport }

func (p plainly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		u := *r.URL
		u.Scheme = "http"
		r = r.WithContext(r.Context())
		r.URL = &u
	}
	return p.Transport.RoundTrip(r)
}

// define defines what stands in around, then the policies.
func (s *snippet) define(service *gateway.Service) {
	s.t.Helper()
	ctx := s.t.Context()
	api := gateway.API{DisplayName: "Orders", Path: "shop", ServiceURL: "http://backend.test/v1", IsCurrent: true}
	operations := map[string]gateway.Operation{}
	var all []error
	put := func(_ bool, err error) { all = append(all, err) }
	for line := range strings.Lines(s.files["around"]) {
		w := append(strings.Fields(line), "", "", "")
		_, text, _ := strings.Cut(strings.TrimSpace(line), w[1]+" ")
		switch w[0] {
		case "keys": // calls need one
			api.SubscriptionRequired = true
		case "key": // NAME VALUE, of all APIs
			put(service.Subscriptions().Put(ctx, w[1], gateway.Subscription{DisplayName: w[1], PrimaryKey: w[2]}))
		case "value", "secret": // NAME TEXT
			put(service.NamedValues().Put(ctx, w[1], gateway.NamedValue{DisplayName: w[1], Value: text, Secret: w[0] == "secret"}))
		case "backend": // NAME URL
			put(service.Backends().Put(ctx, w[1], gateway.Backend{URL: w[2]}))
		case "hub": // LOGGER HUB
			put(service.Loggers().Put(ctx, w[1], gateway.Logger{Type: "azureEventHub", Hub: w[2]}))
		case "operation": // METHOD TEMPLATE, with an example of its reply
			operations[fmt.Sprint("o", len(operations))] = gateway.Operation{Method: w[1], URLTemplate: w[2], Responses: []gateway.Response{
				{StatusCode: 200, Representations: []gateway.Representation{{ContentType: "application/json", Sample: `{"id":"sample"}`}}},
			}}
		case "later": // N: so much comes after the calls, which nobody waits for
			s.up.expect, _ = strconv.Atoi(w[1])
		case "sorted": // calls run side by side
			s.up.sorted = true
		case "":
		default:
			s.t.Fatalf("around: %s", line)
		}
	}
	if len(operations) == 0 {
		operations["any"] = gateway.Operation{Method: "*", URLTemplate: "/*"}
	}
	put(service.APIs().Put(ctx, "orders", api))
	for name, o := range operations {
		put(service.Operations("orders").Put(ctx, name, o))
	}
	for _, name := range s.names {
		if id, ok := strings.CutSuffix(name, ".fragment"); ok {
			put(service.Fragments().Put(ctx, id, gateway.Policy{Text: s.files[name]}))
		}
	}
	for name, at := range map[string]gateway.Scope{"global.xml": {}, "api.xml": {API: "orders"}} {
		if text := s.files[name]; text != "" {
			put(service.Policies(at).Put(ctx, gateway.PolicyName, gateway.Policy{Text: text}))
		}
	}
	if err := errors.Join(all...); err != nil {
		s.t.Fatal(err)
	}
}

// run makes the calls and tells of them.
func (s *snippet) run() string {
	for _, text := range strings.Split(s.files["calls"], "--\n") {
		for strings.HasPrefix(text, "+") {
			line, rest, _ := strings.Cut(text, "\n")
			d, err := time.ParseDuration(line[1:])
			if err != nil {
				s.t.Fatal(err)
			}
			s.now, text = s.now.Add(d), rest
		}
		if s.out.Len() > 0 {
			s.out.WriteString("--\n")
		}
		s.call(text)
	}
	testkit.Eventually(s.t, 30*time.Second, s.up.complete, "what nobody waits for comes")
	s.close()
	slices.Sort(s.up.later)
	s.out.WriteString(strings.Join(s.up.later, ""))
	return guid.ReplaceAllString(strings.ReplaceAll(token.ReplaceAllString(s.out.String(), "TOKEN"), "\r", ""), "GUID")
}

var (
	token = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]*`)
	guid  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

func (s *snippet) call(text string) {
	head, body, _ := strings.Cut(s.signer.tokens(s.t, text), "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.front.URL+path, strings.NewReader(strings.TrimSuffix(body, "\n")))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = "shop.azure-api.net"
	r.Header.Set("User-Agent", "test")
	for _, l := range lines[1:] {
		name, v, _ := strings.Cut(l, ": ")
		r.Header.Add(name, v)
	}
	reply, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := io.ReadAll(reply.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = reply.Body.Close()
	<-s.served
	s.out.WriteString(s.up.take() + s.failed)
	s.failed = ""
	fmt.Fprintf(&s.out, "%s\n", reply.Status)
	writeHeaders(&s.out, reply.Header)
	writeBody(&s.out, got)
}
