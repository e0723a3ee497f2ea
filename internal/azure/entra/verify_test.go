package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	rand2 "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// good are the claims of a token that is taken.
func good(t testing.TB, e *Issuer) jwt.MapClaims {
	t.Helper()
	p, err := e.cfg.Identity.Principal("application:ci")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	return jwt.MapClaims{
		"aud": hubs, "iss": "https://localhost:8443/" + e.cfg.Identity.Tenant() + "/", "tid": e.cfg.Identity.Tenant(),
		"oid": p.ObjectID, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// calling is a request to the issuer by a name.
func calling(host string) *http.Request { return &http.Request{Host: host} }

func signed(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestVerifyRefuses walks every way in which a token is not good; each differs in
// one thing from one that is.
func TestVerifyRefuses(t *testing.T) {
	e, _ := newIssuer(t, &keptText{}, vfs.NewMem(), Config{})
	k, err := e.keys.signing()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	kid := map[string]any{"kid": k.id}
	with := func(changes ...any) jwt.MapClaims {
		c := good(t, e)
		for n := 0; n < len(changes); n += 2 {
			if c[changes[n].(string)] = changes[n+1]; changes[n+1] == nil {
				delete(c, changes[n].(string))
			}
		}
		return c
	}
	ours := func(c jwt.MapClaims) string { return signed(t, jwt.SigningMethodRS256, k.private, kid, c) }
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	fine := ours(good(t, e))
	if _, _, err := e.Verify(fine, []string{hubs + "/"}); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	publicDER := x509.MarshalPKCS1PublicKey(&k.private.PublicKey)
	spki, _ := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
	parts := strings.Split(fine, ".")
	raw := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct{ token, want string }{
		"alg none":                        {signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, good(t, e)), "InvalidSignature"},
		"alg none, our signature":         {raw([]byte(`{"alg":"none","kid":"`+k.id+`"}`)) + "." + parts[1] + "." + parts[2], "InvalidSignature"},
		"no signature":                    {parts[0] + "." + parts[1] + ".", "InvalidSignature"},
		"HS256 with our public key, PEM":  {signed(t, jwt.SigningMethodHS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), kid, good(t, e)), "InvalidSignature"},
		"HS256 with our public key, DER":  {signed(t, jwt.SigningMethodHS256, publicDER, kid, good(t, e)), "InvalidSignature"},
		"HS256 with our certificate":      {signed(t, jwt.SigningMethodHS256, k.cert, kid, good(t, e)), "InvalidSignature"},
		"RS384":                           {signed(t, jwt.SigningMethodRS384, k.private, kid, good(t, e)), "InvalidSignature"},
		"PS256":                           {signed(t, jwt.SigningMethodPS256, k.private, kid, good(t, e)), "InvalidSignature"},
		"foreign key under our kid":       {signed(t, jwt.SigningMethodRS256, foreign, kid, good(t, e)), "InvalidSignature"},
		"foreign key":                     {signed(t, jwt.SigningMethodRS256, foreign, map[string]any{"kid": "theirs"}, good(t, e)), "InvalidSignature"},
		"foreign key in the header":       {signed(t, jwt.SigningMethodRS256, foreign, map[string]any{"jwk": map[string]any{"kty": "RSA"}}, good(t, e)), "InvalidSignature"},
		"no kid":                          {signed(t, jwt.SigningMethodRS256, k.private, nil, good(t, e)), "InvalidSignature"},
		"crit":                            {signed(t, jwt.SigningMethodRS256, k.private, map[string]any{"kid": k.id, "crit": []string{"x"}}, good(t, e)), "InvalidSignature"},
		"other claims, same signature":    {parts[0] + "." + raw([]byte(`{"oid":"x"}`)) + "." + parts[2], "InvalidSignature"},
		"expired":                         {ours(with("exp", ago(skew+time.Minute))), "ExpiredToken"},
		"not yet":                         {ours(with("nbf", ago(-skew-time.Minute))), "InvalidToken"},
		"no exp":                          {ours(with("exp", nil)), "InvalidToken"},
		"no nbf":                          {ours(with("nbf", nil)), "InvalidToken"},
		"exp is a text":                   {ours(with("exp", "tomorrow")), "MalformedToken"},
		"wrong audience":                  {ours(with("aud", "https://cosmos.azure.com")), "InvalidAudience"},
		"audience begins like ours":       {ours(with("aud", hubs+".example.org")), "InvalidAudience"},
		"no audience":                     {ours(with("aud", nil)), "InvalidAudience"},
		"empty audience":                  {ours(with("aud", "")), "InvalidAudience"},
		"wrong issuer":                    {ours(with("iss", "https://sts.windows.net/"+e.cfg.Identity.Subscription()+"/")), "InvalidIssuer"},
		"issuer over http":                {ours(with("iss", "http://localhost/"+e.cfg.Identity.Tenant()+"/")), "InvalidIssuer"},
		"our tenant deep in the issuer":   {ours(with("iss", "https://evil.example/x/"+e.cfg.Identity.Tenant()+"/")), "InvalidIssuer"},
		"no issuer":                       {ours(with("iss", nil)), "InvalidIssuer"},
		"wrong tenant":                    {ours(with("tid", e.cfg.Identity.Subscription())), "InvalidIssuer"},
		"no tenant":                       {ours(with("tid", nil)), "InvalidIssuer"},
		"nobody":                          {ours(with("oid", nil)), "InvalidToken"},
		"somebody who is not here":        {ours(with("oid", e.cfg.Identity.Subscription())), "InvalidToken"},
		"too long":                        {ours(with("x", strings.Repeat("x", maxToken))), "MalformedToken"},
		"empty":                           {"", "MalformedToken"},
		"two parts":                       {parts[0] + "." + parts[1], "MalformedToken"},
		"padding":                         {fine + "==", "MalformedToken"},
		"a space":                         {" " + fine, "MalformedToken"},
		"many dots":                       {strings.Repeat(".", maxToken), "MalformedToken"},
		"deep JSON":                       {raw([]byte(strings.Repeat("[", 5000))) + ".e30.e30", "MalformedToken"},
		"a foreign kid of many megabytes": {raw([]byte(`{"alg":"RS256","kid":"`+strings.Repeat("k", 5<<20)+`"}`)) + ".e30.e30", "MalformedToken"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second time from the cache, if it were there
				who, _, err := e.Verify(c.token, []string{"https://servicebus.azure.net", hubs})
				if !fault.Is(err, fault.Unauthorized) || !strings.HasPrefix(err.Error(), c.want+": ") || who != (identity.Caller{}) {
					t.Errorf("%v, %v; want %s", who, err, c.want)
				}
				if err != nil && (len(err.Error()) > 500 || len(c.token) > 20 && strings.Contains(err.Error(), c.token[:20])) {
					t.Errorf("the error repeats the token: %.100s", err)
				}
			}
		})
	}
}

// TestVerifySaysWho: a token of each kind of principal, its slash and case, and
// the skew of clocks.
func TestVerifySaysWho(t *testing.T) {
	e, who := newIssuer(t, &keptText{}, vfs.NewMem(), Config{})
	for _, p := range who.Principals() {
		token, expires, err := e.mint(order{request: calling("localhost:1"), who: p.Caller, audience: hubs + "/", life: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, until, err := e.Verify(token, []string{"x", "HTTPS://EventHubs.azure.net"})
			if err != nil || got != p.Caller || !until.Equal(expires) {
				t.Errorf("%s: %v until %v, %v", p.Name, got, until, err)
			}
		}
		if _, _, err := e.Verify(token, nil); err == nil {
			t.Error("without an audience anything is taken")
		}
	}
	k, _ := e.keys.signing()
	for name, c := range map[string]jwt.MapClaims{
		"just expired":    {"exp": time.Now().Add(-skew / 2).Unix()},
		"just about":      {"nbf": time.Now().Add(skew / 2).Unix()},
		"several":         {"aud": []string{"x", hubs}},
		"version 2":       {"iss": "https://localhost/" + who.Tenant() + "/v2.0"},
		"by another name": {"iss": "https://login.microsoftonline.com/" + who.Tenant() + "/"},
	} {
		claims := good(t, e)
		maps.Copy(claims, c)
		if _, _, err := e.Verify(signed(t, jwt.SigningMethodRS256, k.private, map[string]any{"kid": k.id}, claims), []string{hubs}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCacheForgets: what ended, what is too much, and who has gone.
func TestCacheForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &keptText{}
		e, who := newIssuer(t, store, vfs.NewMem(), Config{RotateEvery: time.Hour * 24 * 365})
		p := who.Principals()[1]
		token, expires, err := e.mint(order{request: calling("h"), who: p.Caller, audience: hubs, life: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := e.Verify(token, []string{hubs}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(expires) + skew - time.Second)
		if _, known := e.verified.find(token, time.Now()); known {
			t.Error("the cache remembers a token that has ended")
		}
		if _, until, err := e.Verify(token, []string{hubs}); err != nil || !until.Equal(expires) {
			t.Errorf("within the skew: %v", err)
		}
		time.Sleep(2 * time.Second)
		if _, _, err := e.Verify(token, []string{hubs}); err == nil || !strings.HasPrefix(err.Error(), "ExpiredToken") {
			t.Errorf("after the skew: %v", err)
		}
		for n := range 5 * maxVerified {
			e.verified.add(fmt.Sprint(n), verdict{expires: time.Now().Add(time.Hour)}, time.Now())
		}
		if n := len(e.verified.young) + len(e.verified.old); n > 2*maxVerified {
			t.Errorf("%d tokens are remembered", n)
		}
		if _, known := e.verified.find(fmt.Sprint(5*maxVerified-1), time.Now()); !known {
			t.Error("the newest was forgotten")
		}
	})
}

// TestCacheKnowsWhoLeft: a token of a principal that the project has no more is
// refused at once, remembered or not.
func TestCacheKnowsWhoLeft(t *testing.T) {
	store, files := &keptText{}, vfs.NewMem()
	e, who := newIssuer(t, store, files, Config{})
	app, err := who.Principal("app:alarms")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := e.mint(order{request: calling("h"), who: app.Caller, audience: hubs, life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	without := people()
	without.Apps = without.Apps[:1]
	later, err := identity.Open(identity.Options{Store: store, Declared: without})
	if err != nil {
		t.Fatal(err)
	}
	again, err := New(Config{Identity: later, FS: files, Dir: "identity", Log: e.cfg.Log})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := again.Verify(token, []string{hubs}); err == nil || !strings.Contains(err.Error(), "not in this project any more") {
		t.Errorf("%v", err)
	}
}

// TestRotation: a new key signs after a while; the old one verifies until the
// last token has ended, then it is gone.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 7 * 24 * time.Hour
		store, files := &keptText{}, vfs.NewMem()
		e, who := newIssuer(t, store, files, Config{RotateEvery: every})
		me := who.Principals()[0].Caller
		mint := func() string {
			token, _, err := e.mint(order{request: calling("h"), who: me, audience: hubs, life: longestLife})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		kid := func(token string) string {
			parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
			if err != nil {
				t.Fatal(err)
			}
			return parsed.Header["kid"].(string)
		}
		first := mint()
		time.Sleep(every - time.Minute)
		last := mint()
		if kid(first) != kid(last) {
			t.Error("the key changed too early")
		}
		time.Sleep(2 * time.Minute)
		next := mint()
		if kid(next) == kid(last) || len(e.keys.all()) != 2 {
			t.Errorf("no other key signs after %v", every)
		}
		e, _ = newIssuer(t, store, files, Config{RotateEvery: every}) // a restart keeps both
		for _, token := range []string{last, next} {
			if _, _, err := e.Verify(token, []string{hubs}); err != nil {
				t.Error(err)
			}
		}
		if mint(); len(e.keys.all()) != 2 {
			t.Error("a restart makes another key")
		}
		time.Sleep(longestLife + 2*skew)
		if len(e.keys.all()) != 1 {
			t.Error("the old key is still published")
		}
		if _, _, err := e.Verify(last, []string{hubs}); err == nil {
			t.Error("a token of an old key is taken")
		}
		for range 3 * maxKeys {
			time.Sleep(every + time.Second)
			mint()
		}
		if n := len(e.keys.keys); n > maxKeys {
			t.Errorf("%d keys are kept", n)
		}
	})
}

// TestKeysSurviveCrashes: at each cut while a key is made, and while it is
// replaced, the keys are those before or after.
func TestKeysSurviveCrashes(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var cuts []vfs.FS
	rng := rand2.New(rand2.NewPCG(1, 2))
	files := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if _, changes := vfs.ChangeName(op.Kind); changes {
			for percent := 0; percent <= 100; percent += 50 {
				cuts = append(cuts, mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: percent, RNG: rng}))
			}
		}
		return nil
	}))
	e, _ := newIssuer(t, &keptText{}, files, Config{})
	for want := range 2 {
		e.keys.every = 0 // each call makes another key
		if _, err := e.keys.signing(); err != nil {
			t.Fatal(err)
		}
		cuts = append(cuts, mem.CrashClone(vfs.CrashCloneConfig{}))
		for n, image := range cuts {
			r, err := openRing(image, "identity", keyLife)
			last := n == len(cuts)-1
			if err != nil || len(r.keys) < want || last && len(r.keys) != want+1 {
				t.Fatalf("cut %d of making key %d: %v", n, want, err)
			}
		}
		cuts = nil
	}
	f, err := vfs.CreatePrivate(files, e.keys.path())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Write([]byte(`{"keys":`)); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if _, err := openRing(mem, "identity", keyLife); err == nil || !strings.Contains(err.Error(), "delete it to make new keys") {
		t.Errorf("damaged keys: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	e, _ := newIssuer(f, &keptText{}, vfs.NewMem(), Config{})
	if _, err := e.keys.signing(); err != nil {
		f.Fatal(err)
	}
	f.Add("eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJhdWQiOiJodHRwczovL2V2ZW50aHVicy5henVyZS5uZXQifQ.AAAA")
	f.Add("eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.")
	f.Add("..")
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if _, _, err := e.Verify(token, []string{hubs}); err == nil { // nobody signed it
			t.Errorf("%q is taken", token)
		}
	})
}

func FuzzAssertion(f *testing.F) {
	l := newLab(f, Config{Applications: map[string]Credentials{"ci": {Federated: []Federated{{
		Issuer: "https://other", Subject: "s", Audience: "a", Keys: func() ([]byte, error) { return []byte(`{"keys":[{"kty":"RSA"},{"kty":"EC","crv":"P-256"}]}`), nil },
	}}}}})
	p, err := l.who.Principal("application:ci")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("e30.e30.e30", "")
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL290aGVyIiwic3ViIjoicyIsImF1ZCI6ImEifQ.AA", `{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`)
	f.Fuzz(func(t *testing.T, token, keys string) {
		c := l.cfg.Applications["ci"]
		c.Federated[0].Keys = func() ([]byte, error) { return []byte(keys), nil }
		r := &http.Request{PostForm: map[string][]string{"client_assertion_type": {assertionType}}, Host: "h"}
		if f := checkAssertion(r, p, c, token); f == nil {
			t.Errorf("%q is taken", token)
		}
	})
}

// BenchmarkVerify is a token that was looked at before, and one that was not.
func BenchmarkVerify(b *testing.B) {
	e, who := newIssuer(b, &keptText{}, vfs.NewMem(), Config{})
	token, _, err := e.mint(order{request: calling("localhost:8443"), who: who.Principals()[1].Caller, audience: hubs + "/", life: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	audiences := []string{"https://servicebus.azure.net", "https://default.servicebus.windows.net", hubs}
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := e.Verify(token, audiences); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.inspect(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
