package policy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Exchange is one call through the gateway: what context is made of.
type Exchange struct {
	Context context.Context //nolint:containedctx // it lives as long as the call
	World   *World
	About   *About
	Began   time.Time
	Trace   *Trace // nil: nobody looks

	// Caller is the trace context of who calls, "" where there is none; TraceParent that of
	// the call, which backends continue. "": they get the caller's, and Forwarded is not
	// kept: what they were asked.
	Caller, TraceParent string
	Forwarded           []Forwarded

	Request   *Request
	Response  *Response
	Variables *expression.Dict
	LastError *Failure

	// Chain are the documents from the narrowest scope to the widest; nil where a
	// scope has none.
	Chain []*Document

	id      string
	section Section
	depth   int // in Chain
	scope   any // context, once it was asked for

	corsDone bool
	homeless bool             // there is no URL of a backend
	backend  string           // of set-backend-service backend-id
	shown    *tls.Certificate // of authentication-certificate
	cached   *cacheEntry
	cacheKey string              // of cache-lookup
	later    []func(x *Exchange) // when the response is known
	after    []func(bytes int64) // when it is sent, with the bytes of both ways
	parallel *sync.Mutex         // held by a child of wait while it runs; nil: there is none
	// PolicyHeaders are put on whatever reply there is: of cors and of limits.
	PolicyHeaders http.Header
}

// Forwarded is a request that went to a backend, until its answer began.
type Forwarded struct {
	Method, URL string
	TraceParent string // of the request
	Began       time.Time
	Took        time.Duration
	Status      int // 0: there was no answer
}

// About is what is known of whom and what a call reached. It is not changed.
type About struct {
	Service, ServiceID, Region string
	API                        APIInfo
	Operation                  OperationInfo
	Product                    *ProductInfo
	Subscription               *SubscriptionInfo
}

// APIInfo is context.Api.
type APIInfo struct {
	ID, Name, Path, Version, Revision, ServiceURL string
	Protocols                                     []string
	Current                                       bool
	KeyHeader, KeyQuery                           string
}

// OperationInfo is context.Operation.
type OperationInfo struct {
	ID, Name, Method, Template string
	Responses                  []MockResponse
	// QueryNames are those in the template's query.
	QueryNames []string
	// Contract is what is known of its messages; nil: nothing.
	Contract func() *Contract
}

// MockResponse is what mock-response can give.
type MockResponse struct {
	Status         int
	Representation []MockBody
}

// MockBody is a representation with a sample.
type MockBody struct{ ContentType, Sample string }

// ProductInfo is context.Product.
type ProductInfo struct {
	ID, Name, State    string
	APIs               []string
	ApprovalRequired   bool
	SubscriptionNeeded bool
	SubscriptionsLimit int
}

// SubscriptionInfo is context.Subscription.
type SubscriptionInfo struct {
	ID, Name, Key, Primary, Secondary string
	Created                           time.Time
	Start, End                        *time.Time
}

// Request is the request as it goes to the backend.
type Request struct {
	Method   string
	Scheme   string // of the backend
	Host     string // with a port
	Path     string // escaped
	Query    string // raw
	Header   http.Header
	Body     *Body
	ClientIP string
	Matched  map[string]string
	// Certificates is the chain that the caller has shown, its own first.
	Certificates []*x509.Certificate

	Original *url.URL // as the client asked; Host and Scheme are set

	// PathBase is the path of the backend's URL, which rewrite-uri keeps.
	PathBase string
}

// Response is the reply.
type Response struct {
	Status int
	Reason string
	Header http.Header
	Body   *Body
}

// NewResponse is an empty reply.
func NewResponse(status int) *Response {
	return &Response{Status: status, Reason: http.StatusText(status), Header: http.Header{}}
}

// ID is the exchange's id, a Guid.
func (x *Exchange) ID() string {
	if x.id == "" {
		x.id = uuid.New()
	}
	return x.id
}

// Done tells policies that count them how many bytes came and went.
func (x *Exchange) Done(bytes int64) {
	for _, f := range x.after {
		f(bytes)
	}
}

// waiting runs what waits for somebody else: other children of a wait go on meanwhile.
func (x *Exchange) waiting(f func()) {
	if x.parallel != nil {
		x.parallel.Unlock()
		defer x.parallel.Lock()
	}
	f()
}

func (x *Exchange) document() *Document {
	if x.depth < len(x.Chain) {
		return x.Chain[x.depth]
	}
	return nil
}

// setBackendURL leads the exchange to another base URL. The path goes on behind it.
func (x *Exchange) setBackendURL(text string) error {
	base, err := ParseBase(text)
	if err == nil {
		x.lead(base)
	}
	return err
}

func (x *Exchange) lead(base *url.URL) {
	r := x.Request
	rest := strings.TrimPrefix(r.Path, r.PathBase)
	r.Scheme, r.Host, r.PathBase = base.Scheme, base.Host, strings.TrimSuffix(base.EscapedPath(), "/")
	r.Path = r.PathBase + rest
	x.homeless = false
	if base.RawQuery != "" {
		r.Query = joinQuery(base.RawQuery, r.Query)
	}
}

// ParseBase reads the URL of a backend. app:NAME is a function app of this project, by
// its name in Azure.
func ParseBase(text string) (*url.URL, error) {
	if app, ok := strings.CutPrefix(text, "app:"); ok {
		name, path, _ := strings.Cut(app, "/")
		text = "http://" + name + ".azurewebsites.net/" + path
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, broken("configuration", "BackendConnectionFailure", "the URL of a backend begins with http:// or https:// and names a host; this one is "+clip(text))
	}
	return u, nil
}

func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// any is the value for the exchange, with its .NET type.
func (v *value) any(x *Exchange) (any, error) {
	switch {
	case v.parts != nil:
		return v.text(x)
	case v.program == nil:
		return v.literal, nil
	}
	if x.scope == nil {
		x.scope = contextOf{x}
	}
	out, err := v.program.Eval(x.Context, expression.Limits{}, expression.Variable{Name: "context", Value: x.scope})
	if err != nil {
		message := err.Error()
		var inner *Failure
		if errors.As(err, &inner) {
			message = inner.Message
		}
		return nil, broken("expression", "ExpressionValueEvaluationFailure", "Expression evaluation failed. "+message)
	}
	return out, nil
}

// text is the value as a text; null is "".
func (v *value) text(x *Exchange) (string, error) {
	if v.parts != nil {
		var out strings.Builder
		for _, p := range v.parts {
			s, err := p.text(x)
			if err != nil {
				return "", err
			}
			out.WriteString(s)
		}
		return out.String(), nil
	}
	if v.program == nil {
		return v.literal, nil
	}
	out, err := v.any(x)
	if err != nil {
		return "", err
	}
	if b, ok := out.([]byte); ok {
		return string(b), nil
	}
	return expression.Text(out), nil
}

// truth is the value as a bool.
func (v *value) truth(x *Exchange) (bool, error) {
	out, err := v.any(x)
	if err != nil {
		return false, err
	}
	switch b := out.(type) {
	case bool:
		return b, nil
	case string:
		switch strings.ToLower(strings.TrimSpace(b)) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return false, broken("expression", "ExpressionValueEvaluationFailure", "a true or false belongs here, not "+clip(expression.Text(out)))
}

// number is the value as a whole number.
func (v *value) number(x *Exchange) (int, error) {
	f, err := v.real(x)
	if err == nil && (f != float64(int(f)) || f > 1<<31 || f < -(1<<31)) {
		err = broken("expression", "ExpressionValueEvaluationFailure", "a whole number belongs here")
	}
	return int(f), err
}

// real is the value as a number.
func (v *value) real(x *Exchange) (float64, error) {
	out, err := v.any(x)
	if err != nil {
		return 0, err
	}
	f, ok := expression.Number(out)
	if !ok {
		return 0, broken("expression", "ExpressionValueEvaluationFailure", "a number belongs here, not "+clip(expression.Text(out)))
	}
	return f, nil
}
