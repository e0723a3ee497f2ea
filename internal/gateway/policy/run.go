package policy

import (
	"errors"
	"net/http"
)

// Run runs the documents over the exchange. The response is set when it returns.
func Run(x *Exchange) {
	err := x.run()
	if err != nil && !errors.Is(err, errEnded) {
		x.fail(err)
	}
	for _, f := range x.later {
		f(x)
	}
	x.finish()
}

func (x *Exchange) run() error {
	for s := Inbound; s <= Outbound; s++ {
		if err := x.runSection(s); err != nil && !errors.Is(err, errFound) {
			return err
		}
		if s == Backend && x.Response == nil {
			x.Response = NewResponse(http.StatusOK)
		}
	}
	return nil
}

func (x *Exchange) runSection(s Section) error {
	x.section, x.depth = s, 0
	if x.cached != nil && s == Backend {
		return nil
	}
	return x.base()
}

// base runs the section of the document that stands at depth, or what is there
// without one.
func (x *Exchange) base() error {
	for x.depth < len(x.Chain) && x.Chain[x.depth] == nil {
		x.depth++
	}
	if x.depth >= len(x.Chain) {
		if x.section == Backend {
			return x.forward(&forwarding{timeout: defaultForward})
		}
		return nil
	}
	return x.steps(x.Chain[x.depth].sections[x.section])
}

// steps runs steps one after the other.
func (x *Exchange) steps(all []step) error {
	for i := range all {
		s := &all[i]
		if x.Trace == nil {
			if err := s.do.run(x); err != nil {
				return failureOf(x, s, err)
			}
			continue
		}
		if err := x.traced(s); err != nil {
			return err
		}
	}
	return nil
}

// fail runs on-error, and makes the reply where that makes none.
func (x *Exchange) fail(err error) {
	var f *Failure
	if !errors.As(err, &f) {
		f = broken("gateway", "Internal", err.Error())
	}
	x.LastError = f
	if x.Response != nil {
		x.Response.Body.Close()
	}
	x.Response = x.reply(f)
	x.Trace.failed(x, f)
	if err := x.runSection(OnError); err != nil && !errors.Is(err, errEnded) {
		var again *Failure
		if !errors.As(err, &again) {
			again = broken("on-error", "Internal", err.Error())
		}
		x.LastError = again
		x.Response = x.reply(again)
		x.Trace.failed(x, again)
	}
}

// reply is the default reply to a failure.
func (x *Exchange) reply(f *Failure) *Response {
	r := NewResponse(f.Status)
	for name, values := range f.Header {
		r.Header[name] = values
	}
	if f.Silent {
		return r
	}
	activity := ""
	if f.Missing {
		activity = x.ID()
	}
	r.Header.Set("Content-Type", "application/json")
	r.Body = Fixed(ErrorBody(f.Status, f.Shown, activity))
	return r
}

// finish puts the headers on the reply that policies asked for.
func (x *Exchange) finish() {
	if x.Response == nil {
		x.Response = NewResponse(http.StatusOK)
	}
	for name, values := range x.PolicyHeaders {
		x.Response.Header[name] = values
	}
}

func (x *Exchange) addHeader(name, value string) {
	if x.PolicyHeaders == nil {
		x.PolicyHeaders = http.Header{}
	}
	x.PolicyHeaders.Set(name, value)
}

// RunEarly runs the cors policy of the documents before the key is asked for, where the
// request is a preflight or has an Origin. It reports whether the call is answered.
func RunEarly(x *Exchange) bool {
	if x.Request.Header.Get("Origin") == "" {
		return false
	}
	for depth, d := range x.Chain {
		if d == nil || !d.early || d.Level == Product {
			continue
		}
		for i := range d.sections[Inbound] {
			c, ok := d.sections[Inbound][i].do.(*cors)
			if !ok {
				continue
			}
			x.depth = depth
			if err := c.run(x); err != nil {
				x.finish()
				return true
			}
			return false
		}
	}
	return false
}
