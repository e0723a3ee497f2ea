package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/roles"
)

const (
	keyClient = "11111111-2222-3333-4444-555555555555"
	keySecret = "open sesame, forty thieves"
	keyGrant  = "assignments: [{principal: 'application:ci', role: Reader, scope: /}]"
)

// identityKeys are the token issuer and the roles, asked as clients do.
func identityKeys() map[string]keyCase {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	files := map[string]string{
		"ci.pem":        string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"keys.json":     `{"keys":[{"kty":"RSA","n":"` + base64.RawURLEncoding.EncodeToString(key.N.Bytes()) + `","e":"AQAB"}]}`,
		"app/host.json": `{"version":"2.0"}`,
	}
	ci := func(more string) string {
		return "identity: {" + keyGrant + ", applications: {ci: {clientId: " + keyClient + more + "}}}"
	}
	federated := "federated: [{issuer: 'https://ci.example', subject: me, audience: them, keys: keys.json}]"
	held := func(r *rig) string {
		var s roles.Summary
		if fault := r.portal("GET", "/api/identity", "", &s); fault != "" {
			return fault
		}
		var said []string
		for _, h := range s.Assignments {
			said = append(said, h.Principal+" "+h.Role+" "+h.Short)
		}
		return strings.Join(said, "; ")
	}
	mode := func(r *rig) string {
		var s roles.Summary
		return r.portal("GET", "/api/identity", "", &s) + string(s.Mode)
	}
	withSecret := func(r *rig) string { return r.signIn(url.Values{"client_secret": {keySecret}}) }
	withToken := func(claims jwt.MapClaims) func(*rig) string {
		return func(r *rig) string {
			claims := maps.Clone(claims)
			claims["exp"] = time.Now().Add(time.Minute).Unix()
			if claims["aud"] == "" {
				claims["aud"] = "https://" + strings.TrimPrefix(r.url(instance.Identity), "http://") + "/adfs/oauth2/token"
			}
			token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
			if err != nil {
				return err.Error()
			}
			return r.signIn(url.Values{"client_assertion": {token}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
		}
	}
	theirs := func() jwt.MapClaims { return jwt.MapClaims{"iss": "https://ci.example", "sub": "me", "aud": "them"} }
	shared := "functions: {apps: {one: {path: app, disabled: true}}}\nidentity: {userAssigned: {pipeline: {apps: [one], clientId: " + keyClient + "}}}"
	const grants = "identity: {assignments: [{principal: developer, role: Reader, scope: eventHubs/default}]}"
	const granted = "developer Project Owner /; developer Reader eventHubs/default"
	return map[string]keyCase{
		"identity.port": {yaml: "identity: {port: PORT}", want: "200", probe: func(r *rig) string {
			code, text := r.call("GET", fmt.Sprintf("http://127.0.0.1:%d/common/discovery/keys", r.port), "")
			return orText(code, text)
		}},
		"arm": {yaml: "arm: true", want: "200", probe: func(r *rig) string {
			return r.code(instance.Identity, "//metadata/endpoints?api-version=2018-01-01")
		}},
		"identity.mode":                                {yaml: "identity: {mode: enforce}", want: "enforce", probe: mode},
		"identity.assignments.*.principal":             {yaml: grants, want: granted, probe: held},
		"identity.assignments.*.role":                  {yaml: grants, want: granted, probe: held},
		"identity.assignments.*.scope":                 {yaml: grants, want: granted, probe: held},
		"identity.applications.*.clientId":             {yaml: ci(", secret: '" + keySecret + "'"), want: "200", probe: withSecret},
		"identity.applications.*.secret":               {yaml: ci(", secret: '" + keySecret + "', certificate: ci.pem"), files: files, want: "200", probe: withSecret},
		"identity.applications.*.certificate":          {yaml: ci(", secret: '" + keySecret + "', certificate: ci.pem"), files: files, want: "200", probe: withToken(jwt.MapClaims{"iss": keyClient, "sub": keyClient, "aud": ""})},
		"identity.applications.*.federated.*.issuer":   {yaml: ci(", " + federated), files: files, want: "200", probe: withToken(theirs())},
		"identity.applications.*.federated.*.subject":  {yaml: ci(", " + federated), files: files, want: "200", probe: withToken(theirs())},
		"identity.applications.*.federated.*.audience": {yaml: ci(", " + federated), files: files, want: "200", probe: withToken(theirs())},
		"identity.applications.*.federated.*.keys":     {yaml: ci(", " + federated), files: files, want: "200", probe: withToken(theirs())},
		"identity.userAssigned.*.clientId": {yaml: shared, files: files, want: "identity:pipeline", probe: func(r *rig) string {
			return r.managed(r.app.house.Issuer.Header("app:one"), keyClient)
		}},
		"identity.userAssigned.*.apps": {yaml: shared, files: files, want: "identity:pipeline", probe: func(r *rig) string {
			return r.managed(r.app.house.Issuer.Header("app:one"), keyClient)
		}},
	}
}

// signIn asks for an application's token and gives the status.
func (r *rig) signIn(form url.Values) string {
	form.Set("grant_type", "client_credentials")
	form.Set("client_id", keyClient)
	form.Set("scope", "https://eventhubs.azure.net/.default")
	reply, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).PostForm(r.url(instance.Identity)+"/adfs/oauth2/v2.0/token", form)
	if err != nil {
		return err.Error()
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		return fmt.Sprint(reply.StatusCode, " ", string(text), err)
	}
	return fmt.Sprint(reply.StatusCode)
}

// managed asks the managed identity endpoint and says who the token is.
func (r *rig) managed(header, client string) string {
	code, text := r.call("GET", r.url(instance.Identity)+"/msi/token?api-version=2019-08-01&resource=https://eventhubs.azure.net&client_id="+client, "", "X-IDENTITY-HEADER", header)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != http.StatusOK {
		return fmt.Sprint(code, " ", text)
	}
	who, _, err := r.app.house.Issuer.Verify(answer.Token, []string{"https://eventhubs.azure.net"})
	if err != nil {
		return err.Error()
	}
	return who.Name
}
