package entra

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/localca"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	clientID = "11111111-2222-3333-4444-555555555555"
	secret   = "a secret of forty-two letters, more or less"
	hubs     = "https://eventhubs.azure.net"
)

// keptText is a store of one text.
type keptText struct {
	mu   sync.Mutex
	text []byte // guarded by mu
}

func (k *keptText) Load() ([]byte, error) { k.mu.Lock(); defer k.mu.Unlock(); return k.text, nil }
func (k *keptText) Save(text []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.text = text
	return nil
}

func people() identity.Declared {
	return identity.Declared{
		Apps:         []string{"telemetry", "alarms"},
		UserAssigned: []identity.Assignable{{Named: identity.Named{Name: "pipeline"}, Apps: []string{"telemetry"}}},
		Applications: []identity.Named{{Name: "ci", ClientID: clientID}},
	}
}

// lab is an issuer over a real socket, with TLS by a local authority.
type lab struct {
	t testing.TB
	*Issuer
	who  *identity.Identity
	url  string // https://localhost:PORT
	http *http.Client
	log  *bytes.Buffer
}

func newIssuer(t testing.TB, store identity.Store, files vfs.FS, c Config) (*Issuer, *identity.Identity) {
	t.Helper()
	who, err := identity.Open(identity.Options{Store: store, Declared: people()})
	if err != nil {
		t.Fatal(err)
	}
	c.Identity, c.FS, c.Dir = who, files, "identity"
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Applications == nil {
		c.Applications = map[string]Credentials{"ci": {Secret: secret}}
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e, who
}

func newLab(t testing.TB, c Config) *lab {
	t.Helper()
	l := &lab{t: t, log: &bytes.Buffer{}}
	c.Log = slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l.Issuer, l.who = newIssuer(t, &keptText{}, vfs.NewMem(), c)
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("localhost", "127.0.0.1", "login.microsoftonline.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(l.Issuer)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	l.url = "https://localhost:" + port
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server.Listener.Addr().String())
		},
	}
	l.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(transport.CloseIdleConnections)
	return l
}

// post sends a form and decodes the answer.
func (l *lab) post(path string, form url.Values) (int, map[string]any) {
	l.t.Helper()
	resp, err := l.http.PostForm(l.url+path, form)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.decode(resp)
}

func (l *lab) get(path string, headers ...string) (int, map[string]any) {
	l.t.Helper()
	at, client := path, l.http
	if strings.HasPrefix(path, "/") {
		at = l.url + path
	}
	if strings.HasPrefix(at, "http://") {
		client = http.DefaultClient
	}
	req, err := http.NewRequest(http.MethodGet, at, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	for n := 0; n < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.decode(resp)
}

func (l *lab) decode(resp *http.Response) (int, map[string]any) {
	l.t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return resp.StatusCode, map[string]any{"text": string(text)}
	}
	return resp.StatusCode, m
}

// secretForm asks for a token by secret.
func secretForm() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {hubs + "/.default"}}
}

// tokenOf gets an application's token.
func (l *lab) tokenOf(form url.Values) string {
	l.t.Helper()
	code, m := l.post("/adfs/oauth2/v2.0/token", form)
	token, _ := m["access_token"].(string)
	if code != http.StatusOK || token == "" {
		l.t.Fatalf("%d %v", code, m)
	}
	return token
}
