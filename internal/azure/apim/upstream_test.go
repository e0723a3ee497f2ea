package apim

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// upstream is all hosts behind the gateway: it answers as the blocks say, and notes
// what was asked.
type upstream struct {
	signer *signer

	mu      sync.Mutex // guards what follows
	answers map[string][]answer
	seen    []string
	sorted  bool
	expect  int      // how many come later
	later   []string // of what nobody waits for: hosts that end in later.test, and events
}

type answer struct {
	status int
	header http.Header
	body   string
}

func newUpstream(blocks string, signer *signer) *upstream {
	u := &upstream{signer: signer, answers: map[string][]answer{}}
	for _, block := range strings.Split(strings.TrimSpace(blocks), "\n\n") {
		line, rest, _ := strings.Cut(block, "\n")
		head, body, _ := strings.Cut(rest, "\n")
		parts := strings.Split(head, " | ")
		a := answer{header: http.Header{}, body: body}
		a.status, _ = strconv.Atoi(parts[0])
		for _, h := range parts[1:] {
			name, v, _ := strings.Cut(h, ": ")
			a.header.Add(name, v)
		}
		u.answers[line] = append(u.answers[line], a)
	}
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == "signin.test" && r.Method == http.MethodGet {
		u.signer.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var note strings.Builder
	fmt.Fprintf(&note, "> %s %s%s\n", r.Method, r.Host, r.RequestURI)
	writeHeaders(&note, r.Header)
	writeBody(&note, body)
	a := u.answer(r, note.String())
	for name, v := range a.header {
		w.Header()[name] = v
	}
	if a.header["Content-Type"] == nil {
		w.Header()["Content-Type"] = nil
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (u *upstream) answer(r *http.Request, note string) answer {
	u.mu.Lock()
	defer u.mu.Unlock()
	if strings.HasSuffix(r.Host, "later.test") {
		u.later = append(u.later, note)
	} else {
		u.seen = append(u.seen, note)
	}
	key := r.Method + " " + r.Host + r.URL.Path
	list := u.answers[key]
	switch {
	case len(list) == 0:
		return answer{200, http.Header{"Content-Type": {"text/plain"}}, "fine"}
	case len(list) > 1:
		u.answers[key] = list[1:]
	}
	return list[0]
}

func (u *upstream) noteLater(text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.later = append(u.later, text)
}

// complete reports whether all has come that nobody waits for.
func (u *upstream) complete() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.later) >= u.expect
}

// take is what was asked since the last call.
func (u *upstream) take() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.seen
	u.seen = nil
	if u.sorted {
		slices.Sort(all)
	}
	return strings.Join(all, "")
}

// writeHeaders writes headers by their names, without what each message has.
func writeHeaders(w io.Writer, h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		switch name {
		case "Content-Length", "Date", "User-Agent", "Accept-Encoding", "X-Forwarded-For":
			continue
		}
		for _, v := range h[name] {
			fmt.Fprintf(w, "  %s: %s\n", name, v)
		}
	}
}

func writeBody(w io.Writer, body []byte) {
	if len(body) > 0 {
		fmt.Fprintf(w, "  | %s\n", strings.ReplaceAll(strings.TrimSuffix(string(body), "\n"), "\n", "\n  | "))
	}
}

// signer is the sign-in host of the snippets, and whoever signs with a secret.
type signer struct{ key *rsa.PrivateKey }

func newSigner(t *testing.T) *signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key}
}

func (s *signer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/keys") {
		n := base64.RawURLEncoding.EncodeToString(s.key.N.Bytes())
		e := base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes())
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","use":"sig","kid":"one","n":%q,"e":%q}]}`, n, e)
		return
	}
	fmt.Fprintf(w, `{"issuer":"https://signin.test/contoso/v2.0","jwks_uri":"https://signin.test/keys"}`)
}

var tokenText = regexp.MustCompile(`(RS|HS)(\{[^\n]*\})`)

// tokens puts tokens where a text describes them.
func (s *signer) tokens(t *testing.T, text string) string {
	return tokenText.ReplaceAllStringFunc(text, func(m string) string {
		encode := base64.RawURLEncoding.EncodeToString
		plain := encode(fmt.Appendf(nil, `{"alg":"%s256","typ":"JWT","kid":"one"}`, m[:2])) + "." + encode([]byte(m[2:]))
		sum := sha256.Sum256([]byte(plain))
		if m[:2] == "HS" {
			mac := hmac.New(sha256.New, []byte(strings.Repeat("0123456789abcdef", 2)))
			mac.Write([]byte(plain))
			return plain + "." + encode(mac.Sum(nil))
		}
		signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return plain + "." + encode(signature)
	})
}
