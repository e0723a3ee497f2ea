package app

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// certified calls a gateway over TLS with a certificate, or without one.
func (r *rig) certified(address, host, path string, cert *testkit.Certified) string {
	config := r.tls()
	config.ServerName = host
	if cert != nil {
		shown := cert.TLS()
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }
	}
	q, err := http.NewRequest(http.MethodGet, "https://"+address+path, nil)
	if err != nil {
		return err.Error()
	}
	q.Host = host
	client := &http.Client{Timeout: keyWait, Transport: &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: config}}
	reply, err := client.Do(q)
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(reply.Body)
	if err := errors.Join(err, reply.Body.Close()); err != nil {
		return err.Error()
	}
	return fmt.Sprint(reply.StatusCode, " ", string(text))
}

// TestClientCertificates: a gateway of Resource Manager asks callers for certificates
// once its host name says so, trusts the authorities that were uploaded, and shows a
// certificate of its own to a backend that demands one.
func TestClientCertificates(t *testing.T) {
	testkit.NoLeaks(t)
	ca := testkit.Certify(t, "authority", nil, 2020, 2090)
	other := testkit.Certify(t, "stranger", nil, 2020, 2090)
	own := testkit.Certify(t, "gateway", ca, 2020, 2090)
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.WriteString(w, "for "+q.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	backend.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	backend.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // handshakes without one
	backend.StartTLS()
	defer backend.Close()
	encoded := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const in, host = "/S/resourceGroups/rg/providers/Microsoft.ApiManagement/service/certified", "certified.azure-api.net"
		put := func(path, body string, want int) string {
			t.Helper()
			code, b := c.do("PUT", in+path, body)
			if code != want {
				t.Fatalf("PUT %s: %d %v", path, code, b)
			}
			text, _ := json.Marshal(b)
			return string(text)
		}
		service := func(more string) string {
			t.Helper()
			return put("", `{"location":"westeurope","sku":{"name":"Developer","capacity":1},"properties":{"publisherName":"a","publisherEmail":"b@c"`+more+`}}`, 200)
		}
		c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		service("")
		put("/apis/a", `{"properties":{"displayName":"A","path":"a","protocols":["https"],"subscriptionRequired":false}}`, 201)
		put("/apis/a/operations/any", `{"properties":{"displayName":"Any","method":"GET","urlTemplate":"/*"}}`, 201)
		policy := func(inbound string) {
			t.Helper()
			body, _ := json.Marshal(map[string]any{"properties": map[string]any{"format": "rawxml", "value": "<policies><inbound>" + inbound + "</inbound><backend><base /></backend></policies>"}})
			code, b := c.do("PUT", in+"/apis/a/policies/policy", string(body))
			if code > 201 {
				t.Fatalf("%s: %d %v", inbound, code, b)
			}
		}
		call := func(cert *testkit.Certified) string {
			return r.certified(r.app.house.Doors.address(instance.Gateway), host, "/a/x", cert)
		}
		says := func(what string, cert *testkit.Certified, want string) {
			t.Helper()
			if got := call(cert); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		policy(`<return-response><set-body>@(context.Request.Certificate?.Subject ?? "none")</set-body></return-response>`)
		fine := testkit.Certify(t, "fine", ca, 2020, 2090)
		says("nobody was asked", fine, "200 none")

		const asks = `,"hostnameConfigurations":[{"type":"Proxy","hostName":"` + host + `","negotiateClientCertificate":true}]`
		trust := `,"certificates":[{"storeName":"Root","encodedCertificate":"` + encoded(ca.Raw) + `"}]`
		if text := service(asks + trust); strings.Contains(text, "encodedCertificate") || !strings.Contains(text, `"subject":"CN=authority, O=Contoso"`) || !strings.Contains(text, `"negotiateClientCertificate":true`) {
			t.Errorf("the service as shown: %s", text)
		}
		says("asked", fine, "200 CN=fine, O=Contoso")
		says("asked, without one", nil, "200 none")
		policy(`<validate-client-certificate /><return-response><set-body>@("fine " + context.Request.Certificate.Verify())</set-body></return-response>`)
		const refused = `401 { "statusCode": 401, "message": "Invalid client certificate" }`
		says("trusted", fine, "200 fine True")
		says("none", nil, refused)
		says("expired", testkit.Certify(t, "expired", ca, 2020, 2021), refused)
		says("of another issuer", testkit.Certify(t, "foreign", other, 2020, 2090), refused)

		// One of the service's own is shown to a backend.
		made := put("/certificates/mine", `{"properties":{"data":"`+encoded(own.PFX(t, "hush"))+`","password":"hush"}}`, 201)
		if strings.Contains(made, "hush") || strings.Contains(made, `"data"`) || !strings.Contains(made, `"subject":"CN=gateway, O=Contoso"`) || !strings.Contains(made, `"expirationDate":"2090-01-01T00:00:00Z"`) {
			t.Errorf("the certificate as shown: %s", made)
		}
		const careless = `"tls":{"validateCertificateChain":false,"validateCertificateName":false}`
		put("/backends/b", `{"properties":{"protocol":"http","url":"`+backend.URL+`",`+careless+`}}`, 201)
		policy(`<set-backend-service backend-id="b" />`)
		if got := call(nil); !strings.HasPrefix(got, "500 ") {
			t.Errorf("a backend without a certificate: %s", got)
		}
		policy(`<set-backend-service backend-id="b" /><authentication-certificate certificate-id="mine" />`)
		says("by its name", nil, "200 for gateway")
		policy(`<set-backend-service backend-id="b" /><authentication-certificate thumbprint="@(context.Deployment.Certificates["mine"].Thumbprint)" />`)
		says("by its thumbprint", nil, "200 for gateway")
		policy(`<set-backend-service backend-id="b" /><authentication-certificate body="@(Convert.FromBase64String("` + encoded(fine.PFX(t, "own")) + `"))" password="own" />`)
		says("by its bytes", nil, "200 for fine")
		policy(`<set-backend-service backend-id="b" />`)
		id := c.root() + strings.TrimPrefix(in, "/S") + "/certificates/mine"
		put("/backends/b", `{"properties":{"protocol":"http","url":"`+backend.URL+`","credentials":{"certificateIds":["`+id+`"]},`+careless+`}}`, 200)
		says("the backend's own", nil, "200 for gateway")
		if code, b := c.do("DELETE", in+"/certificates/mine", ""); code != 400 {
			t.Errorf("a certificate in use was deleted: %d %v", code, b)
		}

		// All callers must have one.
		service(`,"enableClientCertificate":true` + trust)
		says("demanded of all", nil, `403 { "statusCode": 403, "message": "A client certificate is required." }`)
		says("demanded of all, with one", fine, "200 for gateway")

		for path, want := range map[string][2]string{
			"/certificates/bad":    {`{"properties":{"data":"AAAA"}}`, "cannot be read"},
			"/certificates/locked": {`{"properties":{"data":"` + encoded(own.PFX(t, "hush")) + `","password":"x"}}`, "password is another"},
			"/certificates/text":   {`{"properties":{"data":"?"}}`, "in base64"},
			"/certificates/vault":  {`{"properties":{"keyVault":{"secretIdentifier":"x"}}}`, "Key Vault"},
			"/backends/none":       {`{"properties":{"protocol":"http","url":"https://h","credentials":{"certificateIds":["nobody"]}}}`, "no certificate nobody"},
			"/backends/two":        {`{"properties":{"protocol":"http","url":"https://h","credentials":{"certificateIds":["a","b"]}}}`, "one certificate here, not 2"},
		} {
			code, b := c.do("PUT", in+path, want[0])
			if text := string(b.JSON()); code != 400 || !strings.Contains(text, want[1]) {
				t.Errorf("PUT %s: %d %s", path, code, text)
			}
		}
	})
}

// certificateKeys are the keys of the project file about certificates.
func certificateKeys(t *testing.T, add func(key, body, want string, probe func(r *rig) string), files map[string]string) {
	t.Helper()
	ca := testkit.Certify(t, "authority", nil, 2020, 2090)
	caller := testkit.Certify(t, "caller", ca, 2020, 2090)
	files["ca.pem"], files["mine.pem"], files["mine.pfx"] = string(ca.PEM(t, false)), string(caller.PEM(t, true)), string(caller.PFX(t, "hush"))
	files["names.xml"] = replies(`string.Join(",", context.Deployment.Certificates.Select(c => c.Key + " " + c.Value.Subject))`, "")
	files["trust.xml"] = replies(`context.Request.Certificate == null ? "none" : context.Request.Certificate.Verify().ToString()`, "")
	const open = "apis: {a: {policy: names.xml, subscriptionRequired: false}}"
	get := func(r *rig) string { return r.gateway(http.MethodGet, "/x") }
	add("certificates.*.file", "certificates: {c: {file: mine.pem}}, "+open, "200 c CN=caller, O=Contoso", get)
	add("certificates.*.password", "certificates: {c: {file: mine.pfx, password: hush}}, "+open, "200 c CN=caller, O=Contoso", get)
	secure := func(r *rig) string {
		host := "localhost"
		if r.in != "" {
			host = r.in + ".azure-api.net"
		}
		return r.certified(strings.TrimPrefix(r.url(instance.Gateway), "http://"), host, "/x", caller)
	}
	const trust = "apis: {a: {policy: trust.xml, subscriptionRequired: false}}, "
	add("negotiateClientCertificate", trust+"negotiateClientCertificate: true", "200 False", secure)
	add("certificateAuthorities", trust+"negotiateClientCertificate: true, certificateAuthorities: [ca.pem]", "200 True", secure)
	to := ", apis: {a: {policy: to.xml, subscriptionRequired: false}}"
	add("backends.*.certificate", `certificates: {c: {file: mine.pem}}, backends: {b: {url: "https://127.0.0.1:PORT", certificate: c}}`+to, "caller", func(r *rig) string { return r.shownToBackend() })
}

// shownToBackend is whose certificate a backend on the case's port was shown, which has
// a certificate by the authority of this machine.
func (r *rig) shownToBackend() string {
	issued, err := r.app.house.Doors.ca.Issue("127.0.0.1")
	if err != nil {
		return err.Error()
	}
	l, err := tls.Listen("tcp", fmt.Sprint("127.0.0.1:", r.port), &tls.Config{Certificates: []tls.Certificate{issued}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12})
	if err != nil {
		return err.Error()
	}
	said := "none"
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		if len(q.TLS.PeerCertificates) > 0 {
			said = q.TLS.PeerCertificates[0].Subject.CommonName
		}
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	if text := r.gateway(http.MethodGet, "/x"); !strings.HasPrefix(text, "200") {
		said = text
	}
	_ = server.Close()
	<-ended
	return said
}
