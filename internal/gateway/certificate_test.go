package gateway

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestReadCertificate reads the forms in which certificates come, and what is none.
func TestReadCertificate(t *testing.T) {
	ca := testkit.Certify(t, "ca", nil, 2020, 2090)
	own := testkit.Certify(t, "own", ca, 2020, 2090)
	for name, x := range map[string]struct {
		data     []byte
		password string
		keyed    bool
		chain    int // 0: it is refused
		says     string
	}{
		"PFX":                {own.PFX(t, "hush"), "hush", true, 1, ""},
		"another password":   {own.PFX(t, "hush"), "other", false, 0, "password is another"},
		"PEM with a key":     {own.PEM(t, true), "", true, 1, ""},
		"PEM with its chain": {append(own.PEM(t, true), ca.PEM(t, false)...), "", true, 2, ""},
		"PEM without a key":  {own.PEM(t, false), "", false, 1, ""},
		"DER":                {own.Raw, "", false, 1, ""},
		"another's key":      {append(ca.PEM(t, false), bytes.TrimPrefix(own.PEM(t, true), own.PEM(t, false))...), "", false, 0, "key is that of another one"},
		"a key alone":        {bytes.TrimPrefix(own.PEM(t, true), own.PEM(t, false)), "", false, 0, "there is none in it"},
		"nothing":            {nil, "", false, 0, "no certificate"},
		"many rounds":        {hostile(t, own), "hush", false, 0, "derived in 25165821 rounds; at most 4194304 are taken"},
		"too much":           {make([]byte, maxCertificate+1), "", false, 0, "at most"},
	} {
		c, err := ReadCertificate(x.data, x.password)
		if len(c.Chain) != x.chain || (c.Key != nil) != x.keyed || (err == nil) != (x.chain > 0) || err != nil && !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %d certificates, key %v, %v", name, len(c.Chain), c.Key != nil, err)
		}
		if err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: an error of no kind: %v", name, err)
		}
	}
}

// hostile is a PFX that asks for 25 million rounds.
func hostile(t *testing.T, c *testkit.Certified) []byte {
	t.Helper()
	data, err := pkcs12.Modern.WithIterations(1<<16).Encode(c.Key, c.Certificate, nil, "hush")
	if err != nil {
		t.Fatal(err)
	}
	written := []byte{2, 3, 1, 0, 0}
	if n := bytes.Count(data, written); n != 3 {
		t.Fatalf("the rounds are in %d places", n)
	}
	return bytes.ReplaceAll(data, written, []byte{2, 3, 0x7f, 0xff, 0xff})
}

// TestCertificatesInUse: what a backend or a policy names does not go.
func TestCertificatesInUse(t *testing.T) {
	s := newLab(t).s
	ctx := context.Background()
	own := testkit.Certify(t, "own", nil, 2020, 2090)
	keyed, err1 := ReadCertificate(own.PEM(t, true), "")
	bare, err2 := ReadCertificate(own.PEM(t, false), "")
	_, err3 := s.Certificates().Put(ctx, "mine", keyed)
	_, err4 := s.Backends().Put(ctx, "b", Backend{URL: "https://b.test", Certificate: "MINE"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	if err := s.Certificates().Delete(ctx, "mine"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "backend b") {
		t.Errorf("a backend's certificate went: %v", err)
	}
	if _, err := s.Certificates().Put(ctx, "mine", bare); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "no key") {
		t.Errorf("a backend's certificate lost its key: %v", err)
	}
	if err := s.Backends().Delete(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	text := `<policies><inbound><authentication-certificate certificate-id="mine" /></inbound></policies>`
	if _, err := s.Policies(Scope{}).Put(ctx, PolicyName, Policy{Text: text}); err != nil {
		t.Fatal(err)
	}
	if err := s.Certificates().Delete(ctx, "mine"); PolicyFault(err) == nil {
		t.Errorf("a policy's certificate went: %v", err)
	}
}

// TestTokenByCertificate: validate-jwt takes tokens that the key of a service's
// certificate signed, and no others; another certificate of that name is asked from then
// on.
func TestTokenByCertificate(t *testing.T) {
	l := newLab(t)
	signer := func(name string) (*ecdsa.PrivateKey, Certificate) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().AddDate(1, 0, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		def, err := ReadCertificate(der, "")
		if err != nil {
			t.Fatal(err)
		}
		return key, def
	}
	token := func(key any, method jwt.SigningMethod) string {
		text, err := jwt.NewWithClaims(method, jwt.MapClaims{"sub": "a", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return "Authorization: Bearer " + text
	}
	own, mine := signer("mine")
	other, others := signer("other")
	add(l, l.s.Certificates(), "mine", mine)
	add(l, l.s.APIs(), "a", API{Path: "a", ServiceURL: "http://backend", IsCurrent: true})
	add(l, l.s.Operations("a"), "get", Operation{Method: "GET", URLTemplate: "/*"})
	add(l, l.s.Policies(Scope{API: "a"}), PolicyName, Policy{Text: `<policies><inbound><validate-jwt header-name="Authorization" require-scheme="Bearer"><issuer-signing-keys><key certificate-id="mine" /></issuer-signing-keys></validate-jwt></inbound><backend><base /></backend></policies>`})
	l.want("GET /a/x", 200, "GET http://backend/x", token(own, jwt.SigningMethodES256))
	l.want("GET /a/x", 401, "", token(other, jwt.SigningMethodES256))
	l.want("GET /a/x", 401, "", token(mine.Chain[0], jwt.SigningMethodHS256)) // what all may know is no secret
	l.want("GET /a/x", 401, "")
	add(l, l.s.Certificates(), "mine", others)
	l.want("GET /a/x", 401, "", token(own, jwt.SigningMethodES256))
	l.want("GET /a/x", 200, "", token(other, jwt.SigningMethodES256))
}
