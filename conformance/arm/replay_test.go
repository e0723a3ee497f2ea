package arm

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// call is a line of a record, as conformance/tofu/record writes it.
type call struct {
	Host     string            `json:"host"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Query    string            `json:"query"`
	Caller   string            `json:"caller"`
	Request  any               `json:"request"`
	Status   int               `json:"status"`
	Header   map[string]string `json:"header"`
	Response any               `json:"response"`
	Micros   int64             `json:"micros"`
}

// subscriptionOf is the subscription of a record.
func subscriptionOf(t *testing.T, calls []call) string {
	t.Helper()
	for _, c := range calls {
		if steps := strings.Split(c.Path, "/"); len(steps) > 2 && steps[1] == "subscriptions" {
			return steps[2]
		}
	}
	t.Fatal("the record has no call about a subscription")
	return ""
}

func (c call) String() string { return fmt.Sprintf("%s %s?%s", c.Method, c.Path, c.Query) }

func replay(t *testing.T, calls []call) {
	m := open(t, lab.Up(t, project))
	same := translation{}
	for _, c := range calls {
		if c.Caller != "" {
			same[c.Caller] = m.me.OID
		}
	}
	same[subscriptionOf(t, calls)] = m.subscription(t)
	wrong := 0
	for i, c := range calls {
		var body []byte
		if c.Request != nil {
			body = same.apply(c.Request)
		}
		target := string(same.words(c.Path))
		if c.Query != "" {
			target += "?" + string(same.words(c.Query))
		}
		got := m.call(t, c.Method, target, body)
		var response any
		if len(got.text) > 0 && json.Unmarshal(got.text, &response) != nil {
			response = fmt.Sprintf("(%d bytes)", len(got.text))
		}
		faults := same.differences("", c.Response, response)
		if got.StatusCode != c.Status {
			faults = append([]string{fmt.Sprintf("status %d, was %d", got.StatusCode, c.Status)}, faults...)
		}
		for _, name := range []string{"Azure-AsyncOperation", "Retry-After", "Location"} {
			same.learn(c.Header[name], got.Header.Get(name))
			if (got.Header.Get(name) == "") != (c.Header[name] == "") {
				faults = append(faults, fmt.Sprintf("header %s is %q, was %q", name, got.Header.Get(name), c.Header[name]))
			}
		}
		if len(faults) > 0 {
			t.Errorf("call %d, %v:\n  %s\n  %.600s", i+1, c, strings.Join(faults, "\n  "), got.text)
			if wrong++; wrong == 10 {
				t.Fatal("and so on")
			}
		}
	}
}

// read is the calls of a record, of which there are some.
func read(t *testing.T, path string) []call {
	t.Helper()
	calls := parse(t, path)
	if len(calls) == 0 {
		t.Fatalf("%s has no calls", path)
	}
	return calls
}

func parse(t *testing.T, path string) []call {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []call
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if c.Host == host {
			calls = append(calls, c)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return calls
}

// translation is what ids that were drawn in the record are now.
type translation map[string]string

var (
	guid = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
	when = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`)
	port = regexp.MustCompile(`(localhost|127\.0\.0\.1):\d+`)
	// drawn are properties whose values are new each time.
	drawn = regexp.MustCompile(`(?i)(etag|_rid|_ts|_self|key|key[12s]|secret|password|token|connectionstring|scmuri|verificationid|expire.*|time)$`)
)

// words puts the ids of now in place of those of the record.
func (t translation) words(text string) []byte {
	return guid.ReplaceAllFunc([]byte(text), func(id []byte) []byte {
		if now, ok := t[string(id)]; ok {
			return []byte(now)
		}
		return id
	})
}

func (t translation) apply(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return t.words(string(text))
}

// differences are what an answer has not, or has otherwise, each with its path.
// Properties that the record has not are no fault: Azure adds some in every version.
func (t translation) differences(at string, was, is any) []string {
	switch was := was.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		if !ok {
			return []string{at + ": no object"}
		}
		var all []string
		for _, name := range slices.Sorted(maps.Keys(was)) {
			value, ok := is[name]
			switch {
			case !ok:
				all = append(all, at+"."+name+": not there")
			case drawn.MatchString(name):
				t.learn(was[name], value)
			default:
				all = append(all, t.differences(at+"."+name, was[name], value)...)
			}
		}
		return all
	case []any:
		is, ok := is.([]any)
		if !ok || len(is) != len(was) {
			return []string{fmt.Sprintf("%s: %d of %d elements", at, len(is), len(was))}
		}
		var all []string
		for i := range was {
			all = append(all, t.differences(fmt.Sprintf("%s[%d]", at, i), was[i], is[i])...)
		}
		return all
	case string:
		return t.texts(at, was, is)
	}
	if was != is {
		return []string{fmt.Sprintf("%s: %v, was %v", at, is, was)}
	}
	return nil
}

// texts compares two, and learns the ids that stand in the same places.
func (t translation) texts(at, was string, value any) []string {
	is, ok := value.(string)
	if !ok {
		return []string{fmt.Sprintf("%s: %v is no text", at, value)}
	}
	t.learn(was, is)
	if plain(string(t.words(was))) != plain(is) && !strings.HasPrefix(was, "(") {
		return []string{fmt.Sprintf("%s: %q, was %q", at, is, was)}
	}
	return nil
}

func (t translation) learn(was, is any) {
	old, _ := was.(string)
	now, _ := is.(string)
	a, b := guid.FindAllString(old, -1), guid.FindAllString(now, -1)
	if len(a) != len(b) {
		return
	}
	for i := range a {
		if _, known := t[a[i]]; !known {
			t[a[i]] = b[i]
		}
	}
}

// plain is a text without its times and ports.
func plain(text string) string {
	return port.ReplaceAllString(when.ReplaceAllString(text, "TIME"), "$1:PORT")
}

func decode(t *testing.T, token string) claims {
	t.Helper()
	parts := strings.Split(token, ".")
	var c claims
	if len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(text, &c) == nil && c.OID != "" {
			return c
		}
	}
	t.Fatal("the token is no JWT with an oid")
	return c
}

// took is how long the server worked on calls.
func took(calls []call) time.Duration {
	var sum time.Duration
	for _, c := range calls {
		sum += time.Duration(c.Micros) * time.Microsecond
	}
	return sum
}
