package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Call is a line of the record.
type Call struct {
	Host     string            `json:"host"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Query    string            `json:"query,omitempty"`
	Caller   string            `json:"caller,omitempty"` // object id of the token
	Request  any               `json:"request,omitempty"`
	Status   int               `json:"status"` // 0: nobody answered
	Header   map[string]string `json:"header,omitempty"`
	Response any               `json:"response,omitempty"`
	Micros   int64             `json:"micros"`
}

// headers are those of an answer that clients act upon.
var headers = []string{"Content-Type", "Azure-AsyncOperation", "Location", "Retry-After", "ETag"}

// secret are the names of properties whose values are nobody's business.
var secret = regexp.MustCompile(`(?i)(key[12s]?|secret|password|token|connectionstring|assertion|scmuri|sig)$`)

// log writes calls to a file, one after the other.
type log struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *log) add(req *http.Request, at string, sent []byte, res *http.Response, got []byte, took time.Duration) {
	c := begun(req, at)
	c.Request, c.Response = content(sent, at), content(got, at)
	c.Status, c.Micros = res.StatusCode, took.Microseconds()
	for _, name := range headers {
		if v := res.Header.Get(name); v != "" {
			if c.Header == nil {
				c.Header = map[string]string{}
			}
			c.Header[name] = v
		}
	}
	l.write(c)
}

// failed writes down a call that nobody answered.
func (l *log) failed(req *http.Request, at string, err error) {
	c := begun(req, at)
	c.Response = err.Error()
	l.write(c)
}

func begun(req *http.Request, at string) Call {
	return Call{
		Host: strings.TrimSuffix(at, ":443"), Method: req.Method, Path: req.URL.EscapedPath(), Query: req.URL.RawQuery,
		Caller: caller(req.Header.Get("Authorization")),
	}
}

func (l *log) write(c Call) {
	text, err := json.Marshal(c)
	if err != nil {
		text = fmt.Appendf(nil, "%q", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.out.Write(append(text, '\n')) // a record that is short shows when it is replayed
}

// content is a body as JSON without its secrets; what is no JSON is told by its
// length, and nothing of what signs people in.
func content(body []byte, at string) any {
	var v any
	switch {
	case len(body) == 0:
		return nil
	case strings.HasPrefix(at, "login."):
		return nil
	case json.Unmarshal(body, &v) != nil:
		return fmt.Sprintf("(%d bytes)", len(body))
	}
	return masked(v)
}

func masked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if text, ok := value.(string); ok && secret.MatchString(name) && text != "" {
				v[name] = "(secret)"
				continue
			}
			v[name] = masked(value)
		}
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
	}
	return v
}

// caller is the object id in a bearer token.
func caller(header string) string {
	token, ok := strings.CutPrefix(header, "Bearer ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		OID string `json:"oid"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.OID
}
