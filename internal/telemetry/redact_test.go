package telemetry

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// TestSecretsInOtherDress: a secret is one in JSON inside of JSON, behind spaces,
// with spaces and commas in its quotes, and as a header.
func TestSecretsInOtherDress(t *testing.T) {
	for _, in := range []string{
		`{"body":"{\"password\":\"hunter2\",\"n\":1}"}`,
		`{\\\"AccountKey\\\": \\\"hunter2==\\\"}`,
		`password = hunter2`,
		`{"password":"a b, hunter2","n":1}`,
		`{"password":"a\"hunter2","n":1}`,
		`pwd='x hunter2'`,
		`Authorization: Bearer hunter2`,
		`"Authorization":"SharedAccessSignature sr=h&sig=x&se=1&skn=hunter2"`,
		`authorization: type%3Dmaster%26ver%3D1.0%26sig%3Dhunter2`,
		`X-Api-Key: hunter2`,
		`"Endpoint=sb://h;SharedAccessKey=hunter2\"}`,
	} {
		if out := redact(in); strings.Contains(out, "hunter2") || !strings.Contains(out, hidden) {
			t.Errorf("%s became %s", in, out)
		}
	}
	for in, want := range map[string]string{
		`{"s":"\"AccountKey=abc\"","n":1}`:      `{"s":"\"AccountKey=***\"","n":1}`,
		`{"password":"a, b","n":"left"}`:        `{"password":"***","n":"left"}`,
		`{"s":"{\"pwd\":\"a\",\"n\":\"left\"}"`: `{"s":"{\"pwd\":\"***\",\"n\":\"left\"}"`,
		"Authorization: Basic abc and more":     "Authorization: *** and more",
		"authorization failed: no such user":    "authorization failed: no such user",
		"exit code: 3; code = 4":                "exit code: 3; code = 4",
	} {
		if out := redact(in); out != want {
			t.Errorf("%s became %s, want %s", in, out, want)
		}
	}
}

// TestSecretAttributes: the name of an attribute says as much as one in a text.
func TestSecretAttributes(t *testing.T) {
	c := New()
	log := slog.New(c.Logs.Handler(slog.NewTextHandler(t.Output(), nil)))
	log.With("password", "hunter2").Info("a", "code", 404, slog.Group("db", "AccountKey", "hunter2")) //nolint:sloglint // as others write it
	lines, _ := c.Logs.Search(LogQuery{}, 0, 1)
	for _, a := range lines[0].Attrs {
		if strings.Contains(a.Value, "hunter2") || a.Key == "code" && a.Value != "404" {
			t.Errorf("%s=%s", a.Key, a.Value)
		}
	}
}

// TestOneLoggerOfMany: goroutines that write with one logger's attributes and
// readers of the lines do not meet in them (-race tells).
func TestOneLoggerOfMany(t *testing.T) {
	l := NewLogs()
	log := slog.New(l.Handler(slog.NewTextHandler(discard{}, nil))).With("path", "a", "key", "AccountKey=hunter2")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				log.Info("same")
				lines, _ := l.Search(LogQuery{}, 0, 10)
				for i := range lines {
					if a := lines[i].Attrs[1]; a.Value != "AccountKey="+hidden {
						t.Errorf("%v", a)
					}
				}
			}
		})
	}
	all.Wait()
}

type discard struct{}

// Write implements io.Writer.
func (discard) Write(b []byte) (int, error) { return len(b), nil }
