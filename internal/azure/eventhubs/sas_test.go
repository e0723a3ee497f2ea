package eventhubs

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

var tokenTime = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A token signed by somebody else's code: sr "audience", key "key".
const foreignToken = "SharedAccessSignature sr=audience&sig=8UM0iIfFCfeBSqxSdBMW8pUbhAm7mnjSUaIZTZx8V0g%3D&se=1578099723&skn=keyName"

func TestForeignSignatureVerifies(t *testing.T) {
	tok, err := ParseSASToken(foreignToken)
	if err != nil {
		t.Fatal(err)
	}
	if !tok.signedBy("key") {
		t.Error("the right key does not verify")
	}
	if tok.signedBy("kez") {
		t.Error("a wrong key verifies")
	}
	if want := time.Unix(1578099723, 0).UTC(); !tok.Expires.Equal(want) || tok.KeyName != "keyName" {
		t.Errorf("expires %v, key name %q", tok.Expires, tok.KeyName)
	}
}

func TestSASFieldsInAnyOrderAndCase(t *testing.T) {
	fields := strings.Split(strings.TrimPrefix(foreignToken, sasPrefix), "&")
	shuffled := sasPrefix + strings.Join([]string{fields[3], fields[1], fields[0], fields[2]}, "&")
	tok, err := ParseSASToken(shuffled)
	if err != nil || !tok.signedBy("key") {
		t.Errorf("shuffled fields: %v", err)
	}
}

func TestSASErrorsNameTheField(t *testing.T) {
	good := "sr=a&sig=8UM0iIfFCfeBSqxSdBMW8pUbhAm7mnjSUaIZTZx8V0g%3D&se=1578099723&skn=k"
	for name, c := range map[string]struct{ token, want string }{
		"no prefix":        {good, `does not begin with "SharedAccessSignature"`},
		"empty":            {"", "does not begin"},
		"missing sr":       {sasPrefix + strings.TrimPrefix(good, "sr=a&"), `"sr" is missing`},
		"missing skn":      {sasPrefix + strings.TrimSuffix(good, "&skn=k"), `"skn" is missing`},
		"no value":         {sasPrefix + "sr&" + good, "has no value"},
		"twice":            {sasPrefix + good + "&se=1", `"se" appears twice`},
		"unknown":          {sasPrefix + good + "&x=1", `"x" is unknown`},
		"bad escape":       {sasPrefix + good + "&sr2=%zz", "percent-encoded"},
		"short signature":  {sasPrefix + "sr=a&sig=AAAA&se=1&skn=k", `"sig"`},
		"textual expiry":   {sasPrefix + "sr=a&se=tomorrow", `"se"`},
		"negative expiry":  {sasPrefix + "sr=a&se=-5", `"se"`},
		"monstrous":        {sasPrefix + strings.Repeat("x", maxTokenBytes), "longer than"},
		"monstrous expiry": {sasPrefix + "sr=a&se=99999999999999999", `"se"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSASToken(c.token)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if !fault.Is(err, fault.Unauthorized) || !strings.HasPrefix(err.Error(), "MalformedToken: ") {
				t.Errorf("error %v is not an unauthorized MalformedToken", err)
			}
		})
	}
}

func TestVerifySAS(t *testing.T) {
	keys := keyring{rules: []Rule{
		{Name: "root", Key: "k1", SecondaryKey: "k2", Rights: Manage},
		{Name: "listen", Key: "k3", Rights: Listen},
		{Name: "hubrule", Key: "k4", Rights: Send, Hub: "Orders"},
	}}
	soon := tokenTime.Add(time.Hour)
	for name, c := range map[string]struct {
		token, audience string
		rights          Rights
		scope           string
		want            string // of the error
	}{
		"namespace token": {NewSASToken("localhost:5671", "root", "k1", soon), "amqps://localhost:5671/hub", Manage, "hub", ""},
		"with scheme":     {NewSASToken("sb://ns/hub", "root", "k1", soon), "amqp://other:1/HUB/Partitions/0", Manage, "hub/partitions/0", ""},
		"secondary key":   {NewSASToken("sb://ns/", "root", "k2", soon), "sb://ns/x", Manage, "x", ""},
		"only listen":     {NewSASToken("sb://ns/x", "listen", "k3", soon), "sb://ns/x", Listen, "x", ""},
		"hub rule":        {NewSASToken("sb://ns/orders", "hubrule", "k4", soon), "sb://ns/orders/partitions/1", Send, "orders/partitions/1", ""},
		"hub rule beyond": {NewSASToken("sb://ns/", "hubrule", "k4", soon), "sb://ns/orders", 0, "", "InvalidSignature: The token has an invalid signature."},
		"wrong key":       {NewSASToken("sb://ns/x", "root", "k9", soon), "sb://ns/x", 0, "", "InvalidSignature: The token has an invalid signature."},
		"unknown name":    {NewSASToken("sb://ns/x", "nobody", "k1", soon), "sb://ns/x", 0, "", "InvalidSignature: The token has an invalid signature."},
		"expired":         {NewSASToken("sb://ns/x", "root", "k1", tokenTime), "sb://ns/x", 0, "", "ExpiredToken: The token is expired. Expiration time: 5/1/2026 12:00:00 PM."},
		"too narrow":      {NewSASToken("sb://ns/x", "root", "k1", soon), "sb://ns/xy", 0, "", "InvalidAudience: The token's resource 'sb://ns/x' does not cover 'sb://ns/xy'."},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := keys.verifySAS(c.token, c.audience, tokenTime)
			if c.want != "" {
				if r := refusalOf(err); err == nil || r.text != c.want || r.status != 401 {
					t.Fatalf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil || g.rights != c.rights || g.void != nil || g.scope != c.scope || !g.expires.Equal(soon) {
				t.Errorf("grant %+v, error %v", g, err)
			}
		})
	}
}

// Go lower-cases the percent-encoding, JavaScript does not: the signature
// covers the spelling that arrives.
func TestSignatureCoversRawSpelling(t *testing.T) {
	upper := NewSASToken("amqps://Host/Hub", "root", "k1", tokenTime.Add(time.Hour))
	keys := keyring{rules: []Rule{{Name: "root", Key: "k1", Rights: Manage}}}
	if _, err := keys.verifySAS(upper, "sb://host/hub", tokenTime); err != nil {
		t.Errorf("upper-case spelling: %v", err)
	}
	raw := url.QueryEscape("amqps://Host/Hub")
	if tampered := strings.Replace(upper, raw, strings.ToLower(raw), 1); tampered == upper {
		t.Fatal("nothing to tamper with")
	} else if _, err := keys.verifySAS(tampered, "sb://host/hub", tokenTime); err == nil {
		t.Error("a respelled resource keeps its signature")
	}
}

func TestPlain(t *testing.T) {
	keys := keyring{rules: []Rule{
		{Name: "both", Key: "k", Rights: Listen, Hub: "A"},
		{Name: "both", Key: "k", Rights: Send, Hub: "B"},
	}}
	if g, err := keys.plain("both", "k"); err != nil || len(g) != 2 || g[0].scope != "a" || g[1].rights != Send {
		t.Errorf("grants %+v", g)
	}
	if g, err := keys.plain("both", "K"); err == nil {
		t.Errorf("wrong key grants %+v", g)
	}
	if g, err := keys.plain("nobody", "k"); err == nil {
		t.Errorf("unknown name grants %+v", g)
	}
}

func FuzzSASToken(f *testing.F) {
	f.Add(foreignToken)
	f.Add(NewSASToken("sb://ns/hub", "name with space", "key", tokenTime))
	f.Add(sasPrefix + "sr=%&sig=&se=&skn=")
	f.Fuzz(func(t *testing.T, token string) {
		tok, err := ParseSASToken(token)
		if err != nil {
			if !fault.Is(err, fault.Unauthorized) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if len(tok.Signature) != 32 || tok.Expires.Unix() < 0 {
			t.Fatalf("accepted %+v", tok)
		}
		again := sasPrefix + "sr=" + tok.RawResource + "&sig=" + url.QueryEscape(sigText(tok)) +
			"&se=" + tok.RawExpiry + "&skn=" + url.QueryEscape(tok.KeyName)
		if back, err := ParseSASToken(again); err != nil || back.Resource != tok.Resource || back.KeyName != tok.KeyName {
			t.Fatalf("written again as %q: %v", again, err)
		}
	})
}
