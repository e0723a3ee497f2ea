package policy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

var update = flag.Bool("update", false, "write what is into the goldens")

// The goldens are archives with files of three kinds, in this order for each case:
//
//	NAME.xml   a document; a text without <policies> is the inbound section of one
//	NAME.in    the request: METHOD PATH, headers, an empty line, the body. Before it
//	           lines that begin with a dot say what is around: .backend STATUS BODY,
//	           .send STATUS BODY, .api XML, .global XML, .key NAME, .certificate NAME, .times N
//	NAME.out   what the backend saw and what came back, or the error of the document
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	certs := newGoldenCertificates(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var document, input string
			for i, f := range a.Files {
				name, kind, _ := strings.Cut(f.Name, ".")
				switch kind {
				case "xml":
					document, input = string(f.Data), ""
				case "in":
					input = string(f.Data)
				case "out":
					got := runGolden(certs, document, input)
					if got != string(f.Data) && !*update {
						t.Errorf("%s: got\n%s\nwant\n%s", name, got, f.Data)
					}
					a.Files[i].Data = []byte(got)
				default:
					t.Fatalf("a file of no kind: %s", f.Name)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// fakeLimits count without time.
type fakeLimits map[string]int

func (l fakeLimits) Window(key string, calls, n int, period time.Duration) (bool, int, time.Duration) {
	if l[key]+n > calls {
		return false, 0, period
	}
	l[key] += n
	return true, calls - l[key], 0
}

func (l fakeLimits) Quota(key string, q Quota) (bool, bool, time.Duration) {
	if !q.Only && q.Calls > 0 && l[key]+max(int(q.AddCalls), 1) > int(q.Calls) {
		return false, false, 20*24*time.Hour + 9*time.Hour + 58*time.Minute + 55*time.Second
	}
	if !q.Only && q.Bytes > 0 && int64(l["b"+key]) >= q.Bytes {
		return false, true, time.Hour
	}
	l[key] += int(q.AddCalls)
	l["b"+key] += int(q.AddBytes)
	return true, false, 0
}

func (l fakeLimits) Hold(key string, most int) (func(), bool) {
	if l["held "+key] >= most {
		return nil, false
	}
	l["held "+key]++
	return func() { l["held "+key]-- }, true
}

type fakeCache map[string]any

func (c fakeCache) Get(key string) (any, bool)                    { v, ok := c[key]; return v, ok }
func (c fakeCache) Put(key string, v any, _ int, _ time.Duration) { c[key] = v }
func (c fakeCache) Remove(key string)                             { delete(c, key) }

var goldenNames = Names{
	Value: func(n string) (string, bool) {
		v, ok := map[string]string{"greeting": "hello", "secret": "s3cr3t!", "number": "2"}[n]
		return v, ok
	},
	Fragment: func(id string) (string, bool) {
		v, ok := map[string]string{
			"stamp": `<fragment><set-header name="X-Fragment" exists-action="override"><value>yes</value></set-header></fragment>`,
			"loop":  `<fragment><include-fragment fragment-id="loop" /></fragment>`,
		}[id]
		return v, ok
	},
	Backend: func(id string) bool { return id == "known" },
	Logger:  func(id string) bool { return id == "hub" },

	Certificate: func(id string) bool { return id == "ours" || id == "authority" },
	Schema:      func(id, ref string, more Beside) error { _, err := goldenSchema(id, ref, more); return err },
}

// goldenSchema is a schema that takes objects with an n.
func goldenSchema(id, _ string, more Beside) (func(v any) error, error) {
	if id != "order" {
		return nil, errors.New("there is no schema " + id)
	}
	return func(v any) error { return goldenContract().Request[0].Check(v, false, more) }, nil
}

// golden is one case on its way.
type golden struct {
	out     strings.Builder
	chain   []*Document
	backend []string
	sent    []string
	key     string
	times   int
	request string
	limits  fakeLimits
	cache   fakeCache
	certs   goldenCertificates
	caller  *testkit.Certified
}

// goldenCertificates are those that callers and the service have.
type goldenCertificates map[string]*testkit.Certified

func newGoldenCertificates(t *testing.T) goldenCertificates {
	ca, other := testkit.Certify(t, "authority", nil, 2020, 2090), testkit.Certify(t, "stranger", nil, 2020, 2090)
	return goldenCertificates{
		"authority": ca, "ours": testkit.Certify(t, "ours", ca, 2020, 2090), "fine": testkit.Certify(t, "fine", ca, 2020, 2090),
		"expired": testkit.Certify(t, "expired", ca, 2020, 2021), "early": testkit.Certify(t, "early", ca, 2080, 2090),
		"foreign": testkit.Certify(t, "foreign", other, 2020, 2090),
	}
}

// store are the service's: its own with its key, the authority without.
func (c goldenCertificates) store() Certificates {
	own := c["ours"].TLS()
	all := map[string]*tls.Certificate{"ours": &own, "authority": {Leaf: c["authority"].Certificate}}
	roots := x509.NewCertPool()
	roots.AddCert(c["authority"].Certificate)
	return Certificates{
		All: map[string]*x509.Certificate{"ours": own.Leaf, "authority": c["authority"].Certificate},
		Find: func(id, thumbprint string) *tls.Certificate {
			for name, cert := range all {
				if name == id || id == "" && expression.Thumbprint(cert.Leaf) == thumbprint {
					return cert
				}
			}
			return nil
		},
		Trusts: func(chain []*x509.Certificate, at time.Time) error {
			_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
			if err != nil {
				return errors.New("its authority is unknown") // in our words, which stay
			}
			return nil
		},
	}
}

func runGolden(certs goldenCertificates, document, input string) string {
	g := &golden{certs: certs, chain: make([]*Document, 4), times: 1, limits: fakeLimits{}, cache: fakeCache{}}
	if err := g.around(input); err != nil {
		return "around: " + err.Error() + "\n"
	}
	d, err := compileGolden(document, Operation)
	if err != nil {
		return err.Error() + "\n"
	}
	g.chain[0] = d
	for n := range g.times {
		if n > 0 {
			g.out.WriteString("--\n")
		}
		g.call()
	}
	return strings.ReplaceAll(g.out.String(), "\r", "")
}

func compileGolden(text string, level Level) (*Document, error) {
	if !strings.Contains(text, "<policies>") {
		text = "<policies><inbound>" + text + "</inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"
	}
	if strings.Contains(text, "<quota ") {
		level = Product
	}
	return Compile(text, level, "test", goldenNames)
}

func (g *golden) around(input string) error {
	for strings.HasPrefix(input, ".") {
		line, rest, _ := strings.Cut(input, "\n")
		input = rest
		word, text, _ := strings.Cut(line[1:], " ")
		var err error
		switch word {
		case "backend":
			g.backend = append(g.backend, text)
		case "send":
			g.sent = append(g.sent, text)
		case "api":
			g.chain[1], err = compileGolden(text, API)
		case "global":
			g.chain[3], err = compileGolden(text, Global)
		case "key":
			g.key = text
		case "certificate":
			if g.caller = g.certs[text]; g.caller == nil {
				err = errors.New("no such certificate: " + text)
			}
		case "times":
			_, err = fmt.Sscan(text, &g.times)
		default:
			err = errors.New("no such word: " + word)
		}
		if err != nil {
			return err
		}
	}
	g.request = input
	return nil
}

// answer is the next reply of a list; the last one stays.
func (g *golden) answer(label string, list *[]string, r *http.Request) (*http.Response, error) {
	fmt.Fprintf(&g.out, "%s %s %s\n", label, r.Method, r.URL)
	if r.Host != r.URL.Host && r.Host != "" {
		fmt.Fprintf(&g.out, "  Host: %s\n", r.Host)
	}
	g.headers(r.Header)
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		if len(b) > 0 {
			fmt.Fprintf(&g.out, "  %s\n", b)
		}
	}
	text := "200 fine"
	if len(*list) > 0 {
		if text = (*list)[0]; len(*list) > 1 {
			*list = (*list)[1:]
		}
	}
	status, body, _ := strings.Cut(text, " ")
	if status == "refused" {
		return nil, errors.New("connection refused")
	}
	reply := &http.Response{Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
	_, _ = fmt.Sscan(status, &reply.StatusCode)
	reply.Status = status + " " + http.StatusText(reply.StatusCode)
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		reply.Header.Set("Content-Type", "application/json")
	}
	return reply, nil
}

func (g *golden) headers(h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name == "X-Forwarded-For" || h[name] == nil {
			continue
		}
		for _, v := range h[name] {
			fmt.Fprintf(&g.out, "  %s: %s\n", name, v)
		}
	}
}

func (g *golden) call() {
	head, body, hasBody := strings.Cut(g.request, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	u, err := url.Parse("https://gw.test/api" + path)
	if err != nil {
		fmt.Fprintln(&g.out, err)
		return
	}
	r := &Request{Method: method, Header: http.Header{}, ClientIP: "192.0.2.7", Original: u, Matched: map[string]string{"id": "42", "rest": "a/b c"}}
	for _, l := range lines[1:] {
		name, v, _ := strings.Cut(l, ": ")
		r.Header.Add(name, v)
	}
	if g.caller != nil {
		r.Certificates = []*x509.Certificate{g.caller.Certificate}
	}
	if hasBody {
		r.Body = Stream(io.NopCloser(strings.NewReader(strings.TrimSuffix(body, "\n"))), -1)
	}
	x := &Exchange{
		Context: context.Background(), Began: time.Now(), Request: r, Variables: expression.NewDict(), Chain: g.chain,
		World: &World{
			Forward: func(r *http.Request, o ForwardOptions) (*http.Response, error) {
				label := "backend"
				if o.Backend != "" {
					label += "(" + o.Backend + ")"
				}
				return g.answer(label+shownTo(o.Certificate), &g.backend, r)
			},
			Send: func(r *http.Request, shown *tls.Certificate) (*http.Response, error) {
				return g.answer("send"+shownTo(shown), &g.sent, r)
			},
			Certificates: g.certs.store, Schema: goldenSchema,
			ReadCertificate: func(data []byte, password string) (*tls.Certificate, error) {
				if string(data) != "bytes" || password != "hush" {
					return nil, errors.New("it is no certificate")
				}
				own := g.certs["fine"].TLS()
				return &own, nil
			},
			Limits: g.limits, Cache: g.cache,
			Token: func(_ context.Context, client, resource string) (string, error) {
				if resource == "bad" {
					return "", errors.New("no such resource")
				}
				return "token-for-" + resource + client, nil
			},
			Background: func(f func(context.Context)) { f(context.Background()) },
			Log: func(_ context.Context, logger, id, key, text string) error {
				fmt.Fprintf(&g.out, "log %s %q %q %s\n", logger, id, key, text)
				return nil
			},
			Traced: func(_ *Exchange, source, severity, message string, m map[string]string) {
				fmt.Fprintf(&g.out, "trace %s %s %s %v\n", source, severity, message, m)
			},
			Metric: func(_ *Exchange, name, namespace string, v float64, d map[string]string) {
				fmt.Fprintf(&g.out, "metric %s %s %v %v\n", name, namespace, v, d)
			},
		},
		About: &About{
			Service: "svc", Region: "Local", API: APIInfo{ID: "orders", Name: "Orders", Path: "api", ServiceURL: "https://backend.test/base", Revision: "1", KeyHeader: "Ocp-Apim-Subscription-Key", KeyQuery: "subscription-key"},
			Operation: OperationInfo{ID: "get", Name: "Get", Method: "GET", Template: "/things/{id}?q={q}", QueryNames: []string{"q"}, Responses: []MockResponse{
				{Status: 200, Representation: []MockBody{{"application/json", `{"id":1}`}}}, {Status: 404, Representation: []MockBody{{"text/plain", "nope"}}},
			}, Contract: goldenContract},
		},
	}
	if g.key != "" {
		x.About.Subscription = &SubscriptionInfo{ID: g.key, Name: g.key, Created: time.Unix(0, 0)}
		x.About.Product = &ProductInfo{ID: "starter", Name: "Starter"}
	}
	if x.Lead(&url.URL{Scheme: "https", Host: "backend.test", Path: "/base"}, strings.TrimPrefix(u.EscapedPath(), "/api")); !RunEarly(x) {
		Run(x)
	}
	fmt.Fprintf(&g.out, "%d %s\n", x.Response.Status, x.Response.Reason)
	g.headers(x.Response.Header)
	b, err := x.Response.Body.Bytes()
	text := strings.ReplaceAll(string(b), x.ID(), "ID")
	if text != "" {
		fmt.Fprintf(&g.out, "  %s\n", text)
	}
	if err != nil {
		fmt.Fprintf(&g.out, "  body: %v\n", err)
	}
	x.Done(int64(len(b)))
	if f := x.LastError; f != nil {
		fmt.Fprintf(&g.out, "last error %s/%s %s %s: %s\n", f.Source, f.Reason, f.Section, f.Path, f.Message)
	}
	var vars []string // in the order of their names: wait sets them in any
	for _, k := range x.Variables.Keys {
		vars = append(vars, fmt.Sprintf("var %v = %s\n", k, oneLine(expression.Text(x.Variables.Values[k]))))
	}
	slices.Sort(vars)
	g.out.WriteString(strings.Join(vars, ""))
}

// shownTo is what the certificate that somebody is shown is called.
func shownTo(c *tls.Certificate) string {
	if c == nil {
		return ""
	}
	return " shown " + c.Leaf.Subject.CommonName
}

func oneLine(s string) string { return strings.NewReplacer("\r", "", "\n", `\n`).Replace(s) }

// goldenContract takes numbers in the query and objects with an n.
func goldenContract() *Contract {
	number := func(s string) error {
		if strings.Trim(s, "0123456789") != "" {
			return errors.New("it is no number")
		}
		return nil
	}
	object := func(v any, response bool, more Beside) error {
		m, ok := v.(map[string]any)
		if !ok || m["n"] == nil && !response {
			return errors.New(`property "n" is missing`)
		}
		if more == Refused && len(m) > 1 || more == AsSchema && m["never"] != nil {
			return errors.New("there is another property")
		}
		return nil
	}
	bodies := []Content{{"application/json", "Thing", object}, {Type: "text/json"}}
	return &Contract{
		Parameters: []Parameter{{"path", "id", true, number}, {"query", "q", true, number}, {"query", "page", false, nil}, {"header", "X-Stage", true, nil}},
		Request:    bodies,
		Responses:  []ResponseContract{{200, []Parameter{{"header", "X-Count", true, number}}, bodies}},
	}
}

// FuzzParse finds documents that break the reader or the compiler.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`<policies><inbound><base /><set-header name="A" exists-action="override"><value>@("x<" + ')')</value></set-header></inbound></policies>`,
		`<policies><inbound><choose><when condition="@(true)"><return-response /></when></choose></inbound></policies>`,
		`<policies><inbound><set-body><a>&lt;</a></set-body><!-- x --><![CDATA[]]></inbound></policies>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err == nil && (e == nil || e.Name == "") {
			t.Fatal("an element without a name")
		}
		d, err := Compile(text, Operation, "test", goldenNames)
		if (d == nil) == (err == nil) {
			t.Fatal("neither a document nor an error")
		}
		var fault *Error
		if err != nil && (!errors.As(err, &fault) || fault.Line < 1 || fault.Column < 1) {
			t.Fatalf("an error without a place: %v", err)
		}
	})
}
