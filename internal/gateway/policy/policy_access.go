package policy

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// checkHeader is check-header.
type checkHeader struct {
	name, code, message, ignoreCase *value
	values                          []*value
}

func compileCheckHeader(r *args) action {
	return &checkHeader{r.required("name"), r.required("failed-check-httpcode"), r.required("failed-check-error-message"), r.required("ignore-case"), r.texts("value")}
}

func (c *checkHeader) run(x *Exchange) error {
	name, err := c.name.text(x)
	if err != nil {
		return err
	}
	fold, err := c.ignoreCase.truth(x)
	if err != nil {
		return err
	}
	have, there := x.Request.Header[http.CanonicalHeaderKey(name)]
	reason := "HeaderNotFound"
	if there {
		if len(c.values) == 0 {
			return nil
		}
		reason = "HeaderValueNotAllowed"
		want, err := textsOf(x, c.values)
		if err != nil {
			return err
		}
		got := strings.Join(have, ",")
		if slices.ContainsFunc(want, func(w string) bool { return w == got || fold && strings.EqualFold(w, got) }) {
			return nil
		}
	}
	code, err := c.code.number(x)
	if err != nil {
		return err
	}
	message, err := c.message.text(x)
	if err != nil {
		return err
	}
	return refuse(status(code, http.StatusUnauthorized), "check-header", reason, message)
}

// status is a code that can be sent.
func status(code, fallback int) int {
	if code < 200 || code > 999 {
		return fallback
	}
	return code
}

// ipFilter is ip-filter.
type ipFilter struct {
	action *value
	ranges [][2]*value
}

func compileIPFilter(r *args) action {
	f := &ipFilter{action: r.required("action")}
	check := func(v *value) *value {
		if v.program == nil && r.err == nil {
			if _, err := netip.ParseAddr(v.literal); err != nil {
				if _, err := netip.ParsePrefix(v.literal); err != nil {
					r.fail(v.pos, "'%s' is no IP address", clip(v.literal))
				}
			}
		}
		return v
	}
	for _, v := range r.texts("address") {
		f.ranges = append(f.ranges, [2]*value{check(v), nil})
	}
	for _, e := range r.children("address-range") {
		r.sub(e, func(in *args) {
			f.ranges = append(f.ranges, [2]*value{check(in.required("from")), check(in.required("to"))})
		})
	}
	if len(f.ranges) == 0 {
		r.fail(r.e.Pos, "at least one <address> or <address-range> belongs into it")
	}
	return f
}

func (f *ipFilter) run(x *Exchange) error {
	caller, err := netip.ParseAddr(x.Request.ClientIP)
	if err != nil {
		return refuse(http.StatusForbidden, "ip-filter", "FailedToParseCallerIP", "Forbidden")
	}
	how, err := f.action.text(x)
	if err != nil {
		return err
	}
	caller = caller.Unmap()
	found := false
	for _, r := range f.ranges {
		in, err := inRange(x, caller, r)
		if err != nil {
			return err
		}
		if found = in; found {
			break
		}
	}
	switch {
	case how == "allow" && !found:
		return refuse(http.StatusForbidden, "ip-filter", "CallerIpNotAllowed", "Forbidden")
	case how == "forbid" && found:
		return refuse(http.StatusForbidden, "ip-filter", "CallerIpBlocked", "Forbidden")
	case how != "allow" && how != "forbid":
		return broken("ip-filter", "InvalidAction", "action is allow or forbid, not "+clip(how))
	}
	return nil
}

func inRange(x *Exchange, caller netip.Addr, r [2]*value) (bool, error) {
	from, err := r[0].text(x)
	if err != nil {
		return false, err
	}
	if prefix, err := netip.ParsePrefix(from); err == nil {
		return prefix.Contains(caller), nil
	}
	low, err := netip.ParseAddr(from)
	if err != nil {
		return false, err
	}
	high := low
	if r[1] != nil {
		to, err := r[1].text(x)
		if err != nil {
			return false, err
		}
		if high, err = netip.ParseAddr(to); err != nil {
			return false, err
		}
	}
	return caller.Compare(low.Unmap()) >= 0 && caller.Compare(high.Unmap()) <= 0 && caller.Is4() == low.Unmap().Is4(), nil
}

// cors is cors.
type cors struct {
	credentials, terminate bool
	origins, methods       []*value
	headers, expose        []*value
	maxAge                 *value
}

func compileCORS(r *args) action {
	c := &cors{credentials: r.flag("allow-credentials", false), terminate: r.flag("terminate-unmatched-request", true)}
	if c.origins = r.plainTexts("allowed-origins", "origin"); c.origins == nil {
		r.fail(r.e.Pos, "<allowed-origins> is missing")
	}
	if e := r.child("allowed-methods"); e != nil {
		r.sub(e, func(in *args) {
			c.maxAge = in.value("preflight-result-max-age")
			c.methods = in.texts("method")
		})
	}
	c.headers = r.plainTexts("allowed-headers", "header")
	c.expose = r.plainTexts("expose-headers", "header")
	if c.credentials && slices.ContainsFunc(c.origins, func(v *value) bool { return v.literal == "*" }) {
		r.fail(r.e.Pos, "the origin * is not allowed together with allow-credentials")
	}
	return c
}

func (c *cors) run(x *Exchange) error {
	origin := x.Request.Header.Get("Origin")
	if x.corsDone || origin == "" {
		return nil
	}
	x.corsDone = true
	asked := x.Request.Header.Get("Access-Control-Request-Method")
	preflight := x.Request.Method == http.MethodOptions && asked != ""
	any, allowed, err := c.allows(x, origin)
	if err != nil {
		return err
	}
	if preflight && allowed {
		methods, err := c.listed(x, c.methods, "GET", "POST")
		if err != nil {
			return err
		}
		allowed = slices.Contains(methods, "*") || slices.Contains(methods, strings.ToUpper(asked))
	}
	switch {
	case !allowed && c.terminate:
		x.Response = NewResponse(http.StatusOK)
		return errEnded
	case !allowed:
		return nil
	case any && !c.credentials:
		x.addHeader("Access-Control-Allow-Origin", "*")
	default:
		x.addHeader("Access-Control-Allow-Origin", origin)
		x.addHeader("Vary", "Origin")
	}
	if c.credentials {
		x.addHeader("Access-Control-Allow-Credentials", "true")
	}
	if preflight {
		return c.preflight(x, asked)
	}
	return c.exposeHeaders(x)
}

func (c *cors) exposeHeaders(x *Exchange) error {
	if len(c.expose) == 0 {
		return nil
	}
	names, err := textsOf(x, c.expose)
	x.addHeader("Access-Control-Expose-Headers", strings.Join(names, ","))
	return err
}

func (c *cors) allows(x *Exchange, origin string) (any, allowed bool, err error) {
	for _, o := range c.origins {
		text, err := o.text(x)
		if err != nil {
			return false, false, err
		}
		if text == "*" {
			return true, true, nil
		}
		if strings.EqualFold(strings.TrimSuffix(text, "/"), origin) {
			return false, true, nil
		}
	}
	return false, false, nil
}

func (c *cors) listed(x *Exchange, of []*value, fallback ...string) ([]string, error) {
	if len(of) == 0 {
		return fallback, nil
	}
	all, err := textsOf(x, of)
	for i := range all {
		all[i] = strings.ToUpper(all[i])
	}
	return all, err
}

func (c *cors) preflight(x *Exchange, asked string) error {
	x.addHeader("Access-Control-Allow-Methods", strings.ToUpper(asked))
	if wanted := x.Request.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		names, err := textsOf(x, c.headers)
		if err != nil {
			return err
		}
		var granted []string
		for _, w := range strings.Split(wanted, ",") {
			w = strings.TrimSpace(w)
			if slices.ContainsFunc(names, func(n string) bool { return n == "*" || strings.EqualFold(n, w) }) {
				granted = append(granted, w)
			}
		}
		if len(granted) > 0 {
			x.addHeader("Access-Control-Allow-Headers", strings.Join(granted, ","))
		}
	}
	if c.maxAge != nil {
		n, err := c.maxAge.number(x)
		if err != nil {
			return err
		}
		x.addHeader("Access-Control-Max-Age", strconv.Itoa(n))
	}
	x.Response = NewResponse(http.StatusOK)
	return errEnded
}
