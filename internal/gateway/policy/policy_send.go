package policy

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// send is send-request and send-one-way-request.
type send struct {
	copies   bool
	variable *value
	timeout  *value
	ignore   bool
	oneWay   bool

	url, method *value
	headers     []*setHeader
	body        *setBody
	token       *managedIdentity
	basic       *basic
	certificate *showCertificate
}

func compileSend(r *args) action       { return compileAnySend(r, false) }
func compileSendOneWay(r *args) action { return compileAnySend(r, true) }

func compileAnySend(r *args, oneWay bool) action {
	s := &send{oneWay: oneWay, copies: r.oneOf("mode", "new", "copy") == "copy", timeout: r.or("timeout", "60")}
	if !oneWay {
		s.variable = r.required("response-variable-name")
		s.ignore = r.flag("ignore-error", false)
	}
	if e := r.child("set-url"); e != nil {
		r.sub(e, func(in *args) { s.url = in.textValue() })
	} else if !s.copies {
		r.fail(r.e.Pos, "<set-url> is missing")
	}
	if e := r.child("set-method"); e != nil {
		r.sub(e, func(in *args) { s.method = in.textValue() })
	}
	s.headers, s.body = r.headers(), r.body()
	if e := r.child("authentication-managed-identity"); e != nil {
		r.sub(e, func(in *args) { s.token, _ = compileManagedIdentity(in).(*managedIdentity) })
	}
	if e := r.child("authentication-basic"); e != nil {
		r.sub(e, func(in *args) { s.basic, _ = compileBasic(in).(*basic) })
	}
	if e := r.child("authentication-certificate"); e != nil {
		r.sub(e, func(in *args) { s.certificate, _ = compileShowCertificate(in).(*showCertificate) })
	}
	return s
}

func (s *send) run(x *Exchange) error {
	name := ""
	if s.variable != nil {
		var err error
		if name, err = s.variable.text(x); err != nil {
			return err
		}
	}
	reply, err := s.exchange(x)
	if err != nil && !s.ignore {
		return err
	}
	if name == "" {
		return nil
	}
	if reply == nil {
		x.Variables.Set(name, nil)
		return nil
	}
	x.Variables.Set(name, responseOf{reply})
	return nil
}

func (s *send) exchange(x *Exchange) (*Response, error) {
	n, err := s.timeout.real(x)
	if err != nil {
		return nil, err
	}
	if x.World.Send == nil {
		return nil, broken(s.name(), "BackendConnectionFailure", "requests cannot be sent from here")
	}
	r, err := s.request(x)
	if err != nil {
		return nil, err
	}
	var shown *tls.Certificate
	if s.certificate != nil {
		if shown, err = s.certificate.find(x); err != nil {
			return nil, err
		}
	}
	limit := time.Duration(min(max(n, 0.001), 240) * float64(time.Second))
	if s.oneWay {
		x.World.Background(func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			if reply, err := s.once(ctx, x.World, r, shown); err == nil {
				reply.Body.Close()
			}
		})
		return nil, nil //nolint:nilnil // nobody waits for it
	}
	ctx, cancel := context.WithTimeout(x.Context, limit)
	defer cancel()
	var reply *http.Response
	var answer *Response
	x.waiting(func() {
		if reply, err = s.once(ctx, x.World, r, shown); err == nil { //nolint:bodyclose // it is closed below
			answer = answerOf(reply, func(error) {})
			_, err = answer.Body.Bytes()
			reply.Body.Close()
		}
	})
	if err != nil {
		if ctx.Err() != nil && x.Context.Err() == nil {
			return nil, broken(s.name(), "Timeout", "The operation has timed out.")
		}
		return nil, broken(s.name(), "BackendConnectionFailure", err.Error())
	}
	return answer, nil
}

func (s *send) once(ctx context.Context, w *World, r *Request, shown *tls.Certificate) (*http.Response, error) {
	out, err := r.outgoing(ctx)
	if err != nil {
		return nil, err
	}
	return w.Send(out, shown)
}

func (s *send) name() string {
	if s.oneWay {
		return "send-one-way-request"
	}
	return "send-request"
}

// request is the request that is sent: a new one, or the exchange's with changes.
func (s *send) request(x *Exchange) (*Request, error) {
	r := &Request{Method: http.MethodGet, Header: http.Header{}}
	if s.copies {
		q := x.Request
		*r = Request{Method: q.Method, Scheme: q.Scheme, Host: q.Host, Path: q.Path, Query: q.Query, Header: q.Header.Clone()}
		if q.Body != nil {
			data, err := q.Body.Bytes()
			if err != nil {
				return nil, err
			}
			r.Body = Fixed(data)
		}
	}
	if s.url != nil {
		text, err := s.url.text(x)
		if err != nil {
			return nil, err
		}
		u, err := ParseBase(text)
		if err != nil {
			return nil, broken(s.name(), "InvalidUrl", "set-url gives no URL: "+clip(text))
		}
		r.Scheme, r.Host, r.Path, r.Query = u.Scheme, u.Host, (&url.URL{Path: u.Path, RawPath: u.RawPath}).EscapedPath(), u.RawQuery
	}
	if s.method != nil {
		var err error
		if r.Method, err = (&setMethod{s.method}).text(x); err != nil {
			return nil, err
		}
	}
	for _, h := range s.headers {
		if err := h.apply(x, r.Header); err != nil {
			return nil, err
		}
	}
	if s.basic != nil {
		if err := s.basic.apply(x, r.Header); err != nil {
			return nil, err
		}
	}
	if s.token != nil {
		if err := s.token.apply(x, r.Header); err != nil {
			return nil, err
		}
	}
	if s.body != nil {
		data, err := s.body.make(x)
		if err != nil {
			return nil, err
		}
		r.Body = Fixed(data)
	}
	return r, nil
}

// wait is wait.
type wait struct {
	any   bool
	steps []step
}

func compileWait(r *args) action {
	w := &wait{any: r.oneOf("for", "all", "any") == "any"}
	for _, e := range r.e.Children {
		switch e.Name {
		case "send-request", "cache-lookup-value", "choose":
		default:
			r.err = orFirst(r.err, faultIn(e.Name, e.Pos, "in <wait> stand send-request, cache-lookup-value and choose"))
		}
	}
	w.steps = r.steps(r.e)
	return w
}

// run runs the children side by side: one at a time has the exchange, and lets it go
// while it waits for somebody else.
func (w *wait) run(x *Exchange) error {
	ctx, cancel := context.WithCancel(x.Context)
	defer cancel()
	var turn sync.Mutex
	if x.parallel != nil {
		x.parallel.Unlock()
		defer x.parallel.Lock()
	}
	ends := make(chan error, len(w.steps))
	for i := range w.steps {
		child := *x
		child.Context, child.parallel, child.scope = ctx, &turn, nil
		go func() {
			turn.Lock()
			defer turn.Unlock()
			ends <- child.steps(w.steps[i : i+1])
		}()
	}
	var first error
	over := false
	for range w.steps {
		err := <-ends
		if !over && err != nil {
			first = err
		}
		if w.any || err != nil {
			over = true
			cancel() // the others end soon, and are waited for: they hold the exchange
		}
	}
	return first
}
