//go:build tofu

package arm

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// project is one that holds nothing: all comes by Resource Manager.
const project = `
arm: true
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
gateway: {port: 0}
identity:
  port: 0
`

// manager is Resource Manager as its clients reach it.
type manager struct {
	client *http.Client
	token  string
	me     claims
}

// claims are what a token says of who has it.
type claims struct {
	OID string `json:"oid"`
	TID string `json:"tid"`
}

// host is Resource Manager's name in Azure, which it answers by here too.
const host = "management.azure.com"

func open(t *testing.T, l *lab.Lazuli) *manager {
	t.Helper()
	address := l.Addresses["identity"]
	m := &manager{client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // what it is trusted for is the matter of other tests
	}}}
	m.token = developer(t, l)
	m.me = decode(t, m.token)
	return m
}

// developer is a token of who runs the project.
func developer(t *testing.T, l *lab.Lazuli) string {
	t.Helper()
	ask := url.URL{Scheme: "http", Host: l.Addresses["identity"], Path: "/msi/token"}
	ask.RawQuery = url.Values{"api-version": {"2019-08-01"}, "resource": {"https://" + host + "/"}}.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ask.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-IDENTITY-HEADER", l.Tokens["identity"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("the managed identity endpoint: %s, %v", res.Status, err)
	}
	return got.Token
}

// answer is what a call got.
type answer struct {
	*http.Response
	text []byte
}

// call sends one.
func (m *manager) call(t *testing.T, method, target string, body []byte) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+target, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := m.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, text}
}
