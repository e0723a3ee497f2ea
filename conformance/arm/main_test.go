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

// The application that deploys.
const (
	deployerID     = "3b0a5c1e-8f8a-4c55-9d3c-0a4b7f7f2a33"
	deployerSecret = "only-for-deploying"
)

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
  applications:
    deployer: {clientId: ` + deployerID + `, secret: ` + deployerSecret + `}
  assignments:
    - {principal: "application:deployer", role: Owner, scope: /}
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
	m.token = m.signIn(t)
	m.me = decode(t, m.token)
	return m
}

// signIn is a token of the application that deploys.
func (m *manager) signIn(t *testing.T) string {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {deployerID}, "client_secret": {deployerSecret}, "scope": {"https://" + host + "/.default"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://login.microsoftonline.com/common/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := m.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("the token endpoint: %s, %v", res.Status, err)
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

// subscription is the project's.
func (m *manager) subscription(t *testing.T) string {
	t.Helper()
	var all struct {
		Value []struct {
			ID string `json:"subscriptionId"`
		} `json:"value"`
	}
	got := m.call(t, "GET", "/subscriptions?api-version=2022-12-01", nil)
	if err := json.Unmarshal(got.text, &all); err != nil || len(all.Value) != 1 {
		t.Fatalf("the subscriptions: %s %s", got.Status, got.text)
	}
	return all.Value[0].ID
}
