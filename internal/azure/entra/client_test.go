package entra

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// options let a credential reach the lab.
func (l *lab) options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Transport: l.http, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: l.url + "/"},
		Retry: policy.RetryOptions{MaxRetries: -1},
	}
}

func token(t *testing.T, c azcore.TokenCredential, scope string) (azcore.AccessToken, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
}

// expect verifies a token and returns its claims.
func (l *lab) expect(raw, audience, name string) jwt.MapClaims {
	l.t.Helper()
	who, _, err := l.Verify(raw, []string{audience})
	if err != nil || who.Name != name {
		l.t.Fatalf("the token is %s (%v), want %s", who.Name, err, name)
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(raw, claims); err != nil {
		l.t.Fatal(err)
	}
	return claims
}

// TestClientSecretCredential is recipe B of the unmodified Go client: adfs as
// the tenant, and our authority.
func TestClientSecretCredential(t *testing.T) {
	l := newLab(t, Config{})
	for _, tenant := range []string{"adfs", l.who.Tenant()} {
		o := azidentity.ClientSecretCredentialOptions{ClientOptions: l.options(), DisableInstanceDiscovery: tenant != "adfs"}
		c, err := azidentity.NewClientSecretCredential(tenant, clientID, secret, &o)
		if err != nil {
			t.Fatal(err)
		}
		for _, scope := range []string{hubs + "/.default", "https://cosmos.azure.com/.default", "https://localhost:8081/.default", "https://management.core.windows.net//.default"} {
			got, err := token(t, c, scope)
			if err != nil {
				t.Fatalf("%s, %s: %v", tenant, scope, err)
			}
			claims := l.expect(got.Token, strings.TrimSuffix(scope, "/.default"), "application:ci")
			for claim, want := range map[string]string{
				"ver": "1.0", "appid": clientID, "appidacr": "1", "idtyp": "app", "tid": l.who.Tenant(), "iss": l.url + "/" + l.who.Tenant() + "/", "aud": strings.TrimSuffix(scope, "/.default"),
			} {
				if claims[claim] != want {
					t.Errorf("%s: %s is %v, want %s", scope, claim, claims[claim], want)
				}
			}
			if claims["sub"] != claims["oid"] || claims["uti"] == "" || time.Until(got.ExpiresOn) < 50*time.Minute {
				t.Errorf("claims %v", claims)
			}
		}
		wrong, err := azidentity.NewClientSecretCredential(tenant, clientID, secret+"x", &o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token(t, wrong, hubs+"/.default"); err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
			t.Errorf("a wrong secret: %v", err)
		}
	}
	if logged := l.log.String(); strings.Contains(logged, secret) || !strings.Contains(logged, "application:ci") {
		t.Errorf("the log: %s", logged)
	}
}

// TestSignInHost: where login.microsoftonline.com means this machine (lazuli exec),
// the unmodified client signs in by the tenant's GUID and names no authority.
func TestSignInHost(t *testing.T) {
	l := newLab(t, Config{})
	o := azcore.ClientOptions{Transport: l.http, Retry: policy.RetryOptions{MaxRetries: -1}}
	c, err := azidentity.NewClientSecretCredential(l.who.Tenant(), clientID, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: o})
	if err != nil {
		t.Fatal(err)
	}
	got, err := token(t, c, hubs+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	if claims := l.expect(got.Token, hubs, "application:ci"); claims["iss"] != "https://login.microsoftonline.com/"+l.who.Tenant()+"/" {
		t.Errorf("%v", claims)
	}
}

// TestCertificateCredential signs an assertion with the key of a certificate.
func TestCertificateCredential(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, Config{Applications: map[string]Credentials{"ci": {Certificate: cert}}})
	c, err := azidentity.NewClientCertificateCredential("adfs", clientID, []*x509.Certificate{cert}, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: l.options()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := token(t, c, hubs+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	if claims := l.expect(got.Token, hubs, "application:ci"); claims["appidacr"] != "2" {
		t.Errorf("claims %v", claims)
	}
}

// TestAssertions: of an application's own key and of another issuer, each with
// everything that may be wrong.
func TestAssertions(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "k1", "n": encode(key.N.Bytes()), "e": "AQAB"}}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, Config{Applications: map[string]Credentials{"ci": {
		Certificate: &x509.Certificate{PublicKey: key.Public()},
		Federated:   []Federated{{"https://ci.example", "repo:a:main", "api://AzureADTokenExchange", func() ([]byte, error) { return set, nil }}},
	}}})
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	own := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": clientID, "sub": clientID, "aud": l.url + "/adfs/oauth2/token", "exp": at(time.Minute)}
	}
	theirs := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": "https://ci.example", "sub": "repo:a:main", "aud": "api://AzureADTokenExchange", "exp": at(time.Minute)}
	}
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		claim  string
		value  any
		key    *rsa.PrivateKey
		kid    string
		want   string
	}{
		"own":                     {own(), "", nil, key, "", ""},
		"own, foreign key":        {own(), "", nil, other, "", "AADSTS700027"},
		"own, of another subject": {own(), "sub", "x", key, "", "AADSTS700021"},
		"own, for another issuer": {own(), "aud", "https://login.microsoftonline.com/x/oauth2/token", key, "", "AADSTS700023"},
		"own, expired":            {own(), "exp", at(-time.Hour), key, "", "AADSTS700024"},
		"own, to come":            {own(), "nbf", at(time.Hour), key, "", "AADSTS700024"},
		"own, for ever":           {own(), "exp", nil, key, "", "AADSTS700024"},
		"theirs":                  {theirs(), "", nil, key, "k1", ""},
		"theirs, no kid":          {theirs(), "", nil, key, "", ""},
		"theirs, foreign key":     {theirs(), "", nil, other, "k1", "AADSTS700027"},
		"theirs, unknown kid":     {theirs(), "", nil, key, "k2", "AADSTS700027"},
		"theirs, expired":         {theirs(), "exp", at(-time.Hour), key, "k1", "AADSTS700024"},
		"another issuer":          {theirs(), "iss", "https://ci.example/", key, "k1", "AADSTS700211"},
		"another subject":         {theirs(), "sub", "repo:a:MAIN", key, "k1", "AADSTS700213"},
		"another audience":        {theirs(), "aud", "api://x", key, "k1", "AADSTS700212"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.claim != "" {
				c.claims[c.claim] = c.value
			}
			if c.claim != "" && c.value == nil {
				delete(c.claims, c.claim)
			}
			header := map[string]any{}
			if c.kid != "" {
				header["kid"] = c.kid
			}
			form := secretForm()
			form.Del("client_secret")
			form.Set("client_assertion", signed(t, jwt.SigningMethodRS256, c.key, header, c.claims))
			form.Set("client_assertion_type", assertionType)
			code, m := l.post("/adfs/oauth2/token?x=y", form)
			text, _ := m["error_description"].(string)
			if c.want == "" && code != 200 || c.want != "" && (code != 401 || !strings.HasPrefix(text, c.want)) {
				t.Errorf("%d %s; want %s", code, text, c.want)
			}
		})
	}
	for name, token := range map[string]string{
		"none":  signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, own()),
		"HS256": signed(t, jwt.SigningMethodHS256, x509.MarshalPKCS1PublicKey(&key.PublicKey), nil, own()),
		"words": "hello", "long": strings.Repeat("x", maxToken+1),
	} {
		form := secretForm()
		form.Del("client_secret")
		form.Set("client_assertion", token)
		form.Set("client_assertion_type", assertionType)
		if code, m := l.post("/adfs/oauth2/token", form); code != 401 {
			t.Errorf("%s: %d %v", name, code, m)
		}
	}
}

// TestWorkloadIdentityCredential takes a token from a file, as in Kubernetes.
func TestWorkloadIdentityCredential(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "k1", "n": encode(key.N.Bytes()), "e": "AQAB"}}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, Config{Applications: map[string]Credentials{"ci": {Federated: []Federated{{
		"https://cluster.local", "system:serviceaccount:ns:sa", "api://AzureADTokenExchange", func() ([]byte, error) { return set, nil },
	}}}}})
	c, err := azidentity.NewClientAssertionCredential("adfs", clientID, func(context.Context) (string, error) {
		return signed(t, jwt.SigningMethodRS256, key, map[string]any{"kid": "k1"}, jwt.MapClaims{
			"iss": "https://cluster.local", "sub": "system:serviceaccount:ns:sa", "aud": []string{"api://AzureADTokenExchange"}, "exp": time.Now().Add(time.Minute).Unix(),
		}), nil
	}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: l.options()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := token(t, c, hubs+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	l.expect(got.Token, hubs, "application:ci")
}

// TestManagedIdentityCredential is recipe A of the unmodified Go client: the
// app's own identity, the one it was given, and none else's.
func TestManagedIdentityCredential(t *testing.T) {
	l := newLab(t, Config{})
	server := httptest.NewServer(l.Issuer)
	defer server.Close()
	t.Setenv("IDENTITY_ENDPOINT", server.URL+"/msi/token")
	of := func(name string) identity.Principal {
		p, err := l.who.Principal(name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	resource := l.who.Scope("Microsoft.ManagedIdentity/userAssignedIdentities", "pipeline")
	shared := azidentity.ClientID(of("identity:pipeline").AppID)
	for _, c := range []struct {
		header, want string
		id           azidentity.ManagedIDKind
	}{
		{l.Header("app:telemetry"), "app:telemetry", nil},
		{l.Header("app:telemetry"), "app:telemetry", azidentity.ClientID(of("app:telemetry").AppID)},
		{l.Header("app:telemetry"), "identity:pipeline", shared},
		{l.Header("app:telemetry"), "identity:pipeline", azidentity.ResourceID(resource)},
		{l.Header("app:telemetry"), "identity:pipeline", azidentity.ObjectID(of("identity:pipeline").ObjectID)},
		{l.Header("app:telemetry"), "", azidentity.ClientID(of("app:alarms").AppID)},
		{l.Header("app:alarms"), "app:alarms", nil},
		{l.Header("app:alarms"), "", shared},
		{l.Header("app:alarms"), "", azidentity.ClientID(of("developer").AppID)},
		{l.Header("developer"), "developer", nil},
		{l.Header("developer"), "app:alarms", azidentity.ClientID(of("app:alarms").AppID)},
		{"guess", "", nil},
		{"", "", nil},
	} {
		t.Setenv("IDENTITY_HEADER", c.header)
		if c.header != l.Header("app:telemetry") { // the client remembers what its process got before
			at := server.URL + "/msi/token?api-version=2019-08-01&resource=" + hubs
			if id, ok := c.id.(azidentity.ClientID); ok {
				at += "&client_id=" + string(id)
			}
			code, m := l.get(at, "X-Identity-Header", c.header)
			if c.want == "" && (code != 401 && code != 400 || m["message"] == "" || m["statusCode"] != float64(code)) || c.want != "" && code != 200 {
				t.Errorf("%q: %d %v", c.header, code, m)
			}
			if raw, _ := m["access_token"].(string); c.want != "" {
				l.expect(raw, hubs, c.want)
			}
			continue
		}
		cred, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: c.id, ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := token(t, cred, hubs+"/.default")
		if (err == nil) != (c.want != "") {
			t.Errorf("%s, %v: %v", c.want, c.id, err)
		}
		if err != nil {
			continue
		}
		claims := l.expect(got.Token, hubs, c.want)
		if iss := strings.Replace(server.URL, "http://127.0.0.1", "https://localhost", 1) + "/" + l.who.Tenant() + "/"; claims["iss"] != iss {
			t.Errorf("%s was issued by %v, want %s", c.want, claims["iss"], iss)
		}
		if of(c.want).Kind == identity.UserAssigned && claims["xms_mirid"] != resource || time.Until(got.ExpiresOn) < 23*time.Hour {
			t.Errorf("%s: %v", c.want, claims)
		}
	}
}

// TestInstanceMetadata answers as a virtual machine would, this machine only.
func TestInstanceMetadata(t *testing.T) {
	l := newLab(t, Config{})
	const path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://eventhubs.azure.net"
	code, m := l.get(path, "Metadata", "true")
	raw, _ := m["access_token"].(string)
	if code != 200 || m["expires_in"] == "" || m["token_type"] != "Bearer" {
		t.Fatalf("%d %v", code, m)
	}
	l.expect(raw, hubs, "developer")
	if code, m := l.get(strings.Replace(path, "token?", "token/?", 1), "Metadata", "true"); code != 200 {
		t.Errorf("with a slash: %d %v", code, m)
	}
	for name, c := range map[string]struct {
		path, header, value string
		code                int
	}{
		"no header":   {path, "X", "y", 400},
		"by a proxy":  {path, "X-Forwarded-For", "10.0.0.1", 403},
		"no resource": {"/metadata/identity/oauth2/token?api-version=2018-02-01", "Metadata", "true", 400},
		"old version": {"/metadata/identity/oauth2/token?api-version=2017-01-01&resource=x", "Metadata", "true", 400},
		"nobody":      {path + "&client_id=" + clientID[:35] + "0", "Metadata", "true", 400},
		"nothing":     {"/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://example.org", "Metadata", "true", 400},
	} {
		if code, m := l.get(c.path, c.header, c.value); code != c.code || m["error"] == "" {
			t.Errorf("%s: %d %v", name, code, m)
		}
	}
	r := httptest.NewRequest(http.MethodGet, path, nil) // from 192.0.2.1
	r.Header.Set("Metadata", "true")
	w := httptest.NewRecorder()
	if l.ServeHTTP(w, r); w.Code != 403 {
		t.Errorf("from elsewhere: %d", w.Code)
	}
}

// TestMetadata: all forms name the same issuer and keys, at the address that was
// called; a token verifies with them by a library that knows nothing of us.
func TestMetadata(t *testing.T) {
	l := newLab(t, Config{})
	for _, path := range []string{"/adfs/", "/common/", "/organizations/", "/" + l.who.Tenant() + "/", "/adfs/adfs/"} {
		for version, issuer := range map[string]string{"": l.url + "/" + l.who.Tenant() + "/", "v2.0/": l.url + "/" + l.who.Tenant() + "/v2.0"} {
			if path == "/adfs/adfs/" && version == "" {
				continue
			}
			code, m := l.get(path + version + ".well-known/openid-configuration")
			if code != 200 || m["issuer"] != issuer || !strings.HasPrefix(m["token_endpoint"].(string), l.url+"/") {
				t.Errorf("%s%s: %d %v", path, version, code, m)
				continue
			}
			keys, _ := m["jwks_uri"].(string)
			if code, set := l.get(keys); code != 200 || len(set["keys"].([]any)) != 1 {
				t.Errorf("%s: %d %v", keys, code, set)
			}
		}
	}
	_, set := l.get("/common/discovery/v2.0/keys")
	text, _ := json.Marshal(set)
	raw := l.tokenOf(secretForm())
	checked, err := jwt.Parse(raw, func(tk *jwt.Token) (any, error) {
		return federatedKey(Federated{Keys: func() ([]byte, error) { return text, nil }}, tk)
	}, jwt.WithIssuer(l.url+"/"+l.who.Tenant()+"/"), jwt.WithAudience(hubs), jwt.WithIssuedAt())
	if err != nil || !checked.Valid {
		t.Error(err)
	}
	if code, m := l.get("/common/discovery/instance?api-version=1.1&authorization_endpoint=" + l.url + "/" + l.who.Tenant() + "/oauth2/v2.0/authorize"); code != 200 ||
		m["tenant_discovery_endpoint"] != l.url+"/"+l.who.Tenant()+"/v2.0/.well-known/openid-configuration" {
		t.Errorf("%d %v", code, m)
	}
	for _, path := range []string{"/contoso/discovery/keys", "/x/v2.0/.well-known/openid-configuration", "/common/discovery/instance?authorization_endpoint=https://h/x/"} {
		if code, m := l.get(path); code != 400 || !strings.Contains(m["error_description"].(string), "AADSTS90002") {
			t.Errorf("%s: %d %v", path, code, m)
		}
	}
}

// TestTokenRefusals have Entra's shape and numbers.
func TestTokenRefusals(t *testing.T) {
	l := newLab(t, Config{})
	for name, c := range map[string]struct {
		key, value string
		code       int
		err        string
		number     float64
	}{
		"no grant":             {"grant_type", "", 400, "invalid_request", 900144},
		"password":             {"grant_type", "password", 400, "unsupported_grant_type", 70003},
		"no application":       {"client_id", "", 400, "invalid_request", 900144},
		"unknown":              {"client_id", "00000000-0000-0000-0000-00000000000f", 400, "unauthorized_client", 700016},
		"by its name":          {"client_id", "application:ci", 400, "unauthorized_client", 700016},
		"no secret":            {"client_secret", "", 401, "invalid_client", 7000218},
		"wrong secret":         {"client_secret", "x", 401, "invalid_client", 7000215},
		"no scope":             {"scope", "", 400, "invalid_request", 900144},
		"unknown resource":     {"scope", "https://example.org/.default", 400, "invalid_resource", 500011},
		"resource in disguise": {"scope", "https://user@localhost/.default", 400, "invalid_resource", 500011},
		"no such code":         {"grant_type", "authorization_code", 400, "invalid_request", 900144},
		"no refresh token":     {"grant_type", "refresh_token", 400, "invalid_request", 900144},
		"no device":            {"grant_type", "device_code", 400, "invalid_request", 900144},
	} {
		form := secretForm()
		form.Set(c.key, c.value)
		code, m := l.post("/common/oauth2/v2.0/token", form)
		codes, _ := m["error_codes"].([]any)
		if code != c.code || m["error"] != c.err || len(codes) != 1 || codes[0] != c.number || m["trace_id"] == "" || m["correlation_id"] == "" || m["timestamp"] == "" {
			t.Errorf("%s: %d %v", name, code, m)
		}
		if text, _ := m["error_description"].(string); strings.Contains(text, secret) || !strings.Contains(text, "Trace ID: ") {
			t.Errorf("%s: %s", name, text)
		}
	}
	form := secretForm()
	form.Set("x", strings.Repeat("x", maxForm))
	if code, m := l.post("/common/oauth2/token", form); code != 400 {
		t.Errorf("an endless form: %d %v", code, m)
	}
	if code, m := l.post("/contoso/oauth2/token", secretForm()); code != 400 || !strings.Contains(m["error_description"].(string), "AADSTS90002") {
		t.Errorf("%d %v", code, m)
	}
	r := httptest.NewRequest(http.MethodPost, "/adfs/oauth2/token", strings.NewReader(secretForm().Encode())) // from 192.0.2.1, no TLS
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	if l.ServeHTTP(w, r); w.Code != 400 || !strings.Contains(w.Body.String(), "use https") {
		t.Errorf("a secret in clear over a network: %d %s", w.Code, w.Body)
	}
}

// TestFirstProtocol asks with resource, and with the secret in the header.
func TestFirstProtocol(t *testing.T) {
	l := newLab(t, Config{})
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {hubs + "/"}}
	req, err := http.NewRequest(http.MethodPost, l.url+"/"+strings.ToUpper(l.who.Tenant())+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(clientID, url.QueryEscape(secret))
	resp, err := l.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	code, m := l.decode(resp)
	if code != 200 || m["resource"] != hubs+"/" {
		t.Fatalf("%d %v", code, m)
	}
	if claims := l.expect(m["access_token"].(string), hubs, "application:ci"); claims["aud"] != hubs+"/" {
		t.Errorf("%v", claims)
	}
	own := secretForm()
	own.Set("scope", "api://"+clientID+"/.default")
	if claims := l.expect(l.tokenOf(own), clientID, "application:ci"); claims["ver"] != "2.0" || claims["azp"] != clientID || !strings.HasSuffix(claims["iss"].(string), "/v2.0") {
		t.Errorf("%v", claims)
	}
}
