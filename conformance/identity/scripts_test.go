package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// How many tests our own suites have; a suite must not shrink unseen.
const (
	jsTests     = 13
	pythonTests = 15
)

const (
	ci       = "11111111-2222-3333-4444-555555555555"
	pipeline = "22222222-3333-4444-5555-666666666666"
	secret   = "a secret of forty-two letters, more or less"
)

const project = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
identity:
  port: 0
  userAssigned: {pipeline: {clientId: ` + pipeline + `}}
  applications:
    ci:
      clientId: ` + ci + `
      secret: ` + secret + `
      certificate: FOLDER/certificate.pem
      federated: [{issuer: "https://ci.example", subject: me, keys: FOLDER/keys.json}]
`

// proofs writes what an application proves itself by: a certificate with its
// key, and a token of another issuer with that one's keys.
func proofs(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...)
	set, err := json.Marshal(map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "k", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}}})
	if err != nil {
		t.Fatal(err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": "https://ci.example", "sub": "me", "aud": "api://AzureADTokenExchange", "exp": time.Now().Add(time.Hour).Unix(),
	})
	token.Header["kid"] = "k"
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"certificate.pem": both, "keys.json": set, "token": []byte(signed)} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// scriptEnv starts lazuli and tells a suite where its issuer is.
func scriptEnv(t *testing.T) []string {
	t.Helper()
	folder := proofs(t)
	l := lab.Up(t, strings.ReplaceAll(project, "FOLDER", folder))
	return []string{
		"ISSUER=https://" + l.LocalHost(t, "identity"),
		"ISSUER_CA_FILE=" + l.CAFile, "REQUESTS_CA_BUNDLE=" + l.CAFile, "NODE_EXTRA_CA_CERTS=" + l.CAFile,
		"IDENTITY_ENDPOINT=http://" + l.Addresses["identity"] + "/msi/token", "IDENTITY_HEADER=" + l.Tokens["identity"],
		"CI_CLIENT_ID=" + ci, "CI_SECRET=" + secret, "CI_CERTIFICATE=" + filepath.Join(folder, "certificate.pem"),
		"PIPELINE_CLIENT_ID=" + pipeline, "FEDERATED_TOKEN=" + filepath.Join(folder, "token"),
	}
}

// TestJavaScript runs our tests on @azure/identity.
func TestJavaScript(t *testing.T) {
	t.Parallel()
	if results, ok := lab.RunNode(t, "identity-js", filepath.Join(lab.Root(), "identity", "js"), scriptEnv(t)); ok {
		lab.Check(t, "identity-js", results, jsTests)
	}
}

// TestPython runs our tests on azure-identity.
func TestPython(t *testing.T) {
	t.Parallel()
	if results, ok := lab.RunPython(t, "identity-python", filepath.Join(lab.Root(), "identity", "python"), 4, scriptEnv(t)); ok {
		lab.Check(t, "identity-python", results, pythonTests)
	}
}
