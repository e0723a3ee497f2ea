package hostjson

import "strings"

// profiled applies the configuration profile, which says what host.json leaves out. Those
// of Azure's host are for servers that know nothing of functions: every request goes to
// the custom handler as it came.
func (r *reader) profiled(root map[string]any) {
	if r.text(root, "configurationProfile", "") == "" {
		return
	}
	switch r.choice(root, "configurationProfile", "default", "default", "mcp-custom-handler", "web-app-custom-handler") {
	case "mcp-custom-handler", "web-app-custom-handler":
		r.suggest(root, "customHandler.enableProxyingHttpRequest", true)
		r.suggest(root, "extensions.http.routePrefix", "")
		r.suggest(root, "customHandler.http.routes", []any{map[string]any{"route": "{*route}"}})
	}
}

// suggest sets what is not said.
func (r *reader) suggest(root map[string]any, path string, value any) {
	o, steps := root, strings.Split(path, ".")
	for i, step := range steps[:len(steps)-1] {
		if _, said := find(o, step); !said {
			o[existing(o, step)] = map[string]any{}
		}
		at := strings.Join(steps[:i+1], ".")
		if o = r.object(o, at); r.err != nil {
			return
		}
	}
	last := steps[len(steps)-1]
	if _, said := find(o, last); !said {
		o[existing(o, last)] = value
	}
}

// Route is a function that host.json makes of a route of the custom handler.
type Route struct {
	Route     string
	AuthLevel string // lower case
}

// authLevels are who may call.
var authLevels = []string{"anonymous", "user", "function", "system", "admin"}

// routes reads customHandler.http.
func (r *reader) routes(o map[string]any) []Route {
	const defaultLevel = "customHandler.http.defaultAuthorizationLevel"
	level := r.choice(o, defaultLevel, "function", authLevels...)
	list, ok := find(o, "customHandler.http.routes")
	if !ok {
		return nil
	}
	all, ok := list.([]any)
	if !ok {
		r.fail("customHandler.http.routes", "must be an array of objects, is %s", show(list))
		return nil
	}
	var out []Route
	for _, e := range all {
		one, ok := e.(map[string]any)
		if !ok {
			r.fail("customHandler.http.routes", "holds %s; each is an object with a route", show(e))
			return nil
		}
		out = append(out, Route{
			Route:     strings.TrimSpace(r.text(one, "customHandler.http.routes.route", "")),
			AuthLevel: r.choice(one, "customHandler.http.routes.authorizationLevel", level, authLevels...),
		})
	}
	return out
}
