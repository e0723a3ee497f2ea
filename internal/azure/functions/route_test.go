package functions

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// TestRoutes matches paths against templates. "-" stands for no match, "" for
// a match without parameters.
func TestRoutes(t *testing.T) {
	for _, c := range []struct{ template, path, want string }{
		{"health", "health", ""},
		{"/health/", "HEALTH", ""},
		{"health", "healthy", "-"},
		{"health", "", "-"},
		{"", "", ""},
		{"a/b", "a", "-"},
		{"a/b", "a/b/c", "-"},
		{"products/{id}", "products/7", "id=7"},
		{"products/{id}", "products", "-"},
		{"products/{id:int}", "products/x", "-"},
		{"products/{id:int}", "products/-7", "id=-7"},
		{"products/{id:int}", "products/99999999999", "-"},
		{"products/{id:long}", "products/99999999999", "id=99999999999"},
		{"products/{category:alpha}/{id:int?}", "products/tools", "category=tools"},
		{"products/{category:alpha}/{id:int?}", "products/tools/3", "category=tools id=3"},
		{"products/{category:alpha}/{id:int?}", "products/t00ls/3", "-"},
		{"hello/{name?}", "hello", ""},
		{"hello/{name=world}", "hello", "name=world"},
		{"hello/{name:alpha=world}", "hello", "name=world"},
		{"hello/{name=world}", "hello/you", "name=you"},
		{"files/{*path}", "files", ""},
		{"files/{*path=all}", "files", "path=all"},
		{"files/{name}.{ext?}", "files/photo", "name=photo"},
		{"files/{name}.{ext?}", "files/photo.png", "ext=png name=photo"},
		{"files/{name}.{ext:alpha?}", "files/photo.1", "name=photo.1"},
		{"pages/{*path:nonfile}", "pages/a/b", "path=a/b"},
		{"pages/{*path:nonfile}", "pages/a/b.css", "-"},
		{"pages/{*path:file}", "pages/a.b/c", "-"},
		{"files/{*path}", "files/a/b.txt", "path=a/b.txt"},
		{"files/{**path}", "files/a/b", "path=a/b"},
		{"{name}.{ext}", "photo.old.png", "ext=png name=photo.old"},
		{"v{version:int}/x", "V2/x", "version=2"},
		{"{id:guid}", "00000000-0000-0000-0000-000000000001", "id=00000000-0000-0000-0000-000000000001"},
		{"{id:guid}", "7", "-"},
		{"{n:range(1,10)}", "10", "n=10"},
		{"{n:range(1,10)}", "11", "-"},
		{"{n:min(3)}", "2", "-"},
		{"{n:max(3)}", "3", "n=3"},
		{"{s:length(2,3)}", "한국", "s=한국"},
		{"{s:length(2)}", "abc", "-"},
		{"{s:minlength(2)}", "a", "-"},
		{"{s:maxlength(2)}", "abc", "-"},
		{"{s:regex(^\\d{{2}}$)}", "42", "-"},
		{"{s:regex(^\\d{2}$)}", "42", "s=42"},
		{"{b:bool}", "TRUE", "b=TRUE"},
		{"{d:datetime}", "2026-01-31", "d=2026-01-31"},
		{"{f:double}", "1.5e3", "f=1.5e3"},
	} {
		r, err := parseRoute(c.template)
		if err != nil {
			t.Errorf("%s: %v", c.template, err)
			continue
		}
		got := "-"
		if params, ok := r.match(splitPath(c.path)); ok {
			got = show(params)
		}
		if got != c.want {
			t.Errorf("%q on %q: got %q, want %q", c.template, c.path, got, c.want)
		}
	}
}

func show(params map[string]string) string {
	var out []string
	for k, v := range params {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// TestBadRoutes: what ASP.NET refuses is refused, and so is what we cannot
// honour.
func TestBadRoutes(t *testing.T) {
	for template, want := range map[string]string{
		"a//b":              "slashes",
		"a/{b":              "without",
		"a/b}":              "without",
		"{a}/{A}":           "twice",
		"{*rest}/more":      "last segment",
		"{a?}/b":            "last segment",
		"{a}{b}":            "text between",
		"{a:colour}":        "unknown constraint",
		"{a:range(1)}":      "unknown constraint",
		"{a:min(x)}":        "whole numbers",
		"{a:regex([)}":      "regular expression",
		"{}":                "parameter name",
		"{a:length(1,2,3)}": "unknown constraint",
	} {
		if _, err := parseRoute(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one about %q", template, err, want)
		}
	}
}

// TestTable: the most specific route wins whatever the order, methods count,
// and a path that only other methods match is not found.
func TestTable(t *testing.T) {
	var functions []host.FunctionInfo
	add := func(name, route, methods string) {
		h := &host.HTTPTrigger{Route: route, AuthLevel: "anonymous"}
		if methods != "" {
			h.Methods = strings.Split(methods, " ")
		}
		functions = append(functions, host.FunctionInfo{Name: name, HTTP: h})
	}
	add("rest", "{*rest}", "")
	add("any", "items/{id}", "")
	add("number", "items/{id:int}", "")
	add("new", "items/new", "")
	add("create", "items", "POST")
	add("list", "items", "GET")
	add("broken", "{a}{b}", "")
	add("again", "/Items/{number:int}", "POST")
	add("twice", "items", "GET")
	add("half", "items", "GET PATCH")
	functions = append(functions, host.FunctionInfo{Name: "timer"},
		host.FunctionInfo{Name: "off", Disabled: true, HTTP: &host.HTTPTrigger{Route: "off"}})
	table, bad := newTable("api/", functions)
	if len(bad) != 3 || bad["broken"] == nil || !strings.Contains(fmt.Sprint(bad["again"]), "function number answers it already") || bad["twice"] == nil {
		t.Errorf("bad routes: %v", bad)
	}
	for request, want := range map[string]string{
		"GET /api/items":         "list",
		"POST /API/items":        "create",
		"PUT /api/items":         "rest",
		"PATCH /api/items":       "half",
		"GET /api/items/new":     "new",
		"GET /api/items/7":       "number",
		"GET /api/items/x":       "any",
		"GET /api/items/a%2Fb":   "any",
		"GET /api/off":           "rest",
		"GET /api/else/entirely": "rest",
		"GET /items":             "",
		"GET /":                  "",
		"GET /api/%zz":           "",
	} {
		method, path, _ := strings.Cut(request, " ")
		got, _, _ := table.find(method, path)
		if got.function != want {
			t.Errorf("%s: got %q, want %q", request, got.function, want)
		}
	}
	for path, want := range map[string]string{
		"/api/items/a%2Fb": "id=a%2Fb", "/api/items/a%252Fb": "id=a%2Fb", "/api/items/%EA%B0%80+b%20c": "id=가+b c",
		"/api/files/a%2fb/c": "rest=files/a%2fb/c",
	} {
		if _, params, _ := table.find("GET", path); show(params) != want {
			t.Errorf("%s: got %q, want %q", path, show(params), want)
		}
	}
	if got := fmt.Sprint(table.methods("/api/items/new")); got != "[GET HEAD POST PUT PATCH DELETE]" {
		t.Errorf("methods: %s", got)
	}
}

// FuzzRouteTemplate: no template and no path makes the parser or the matcher
// fail, and a match yields only parameters that the template names.
func FuzzRouteTemplate(f *testing.F) {
	f.Add("products/{category:alpha}/{id:int?}", "products/x/1")
	f.Add("{a:regex(^x{1,2}$)}.{b=1}", "xx.y")
	f.Add("{*rest}", "a/b/c")
	f.Fuzz(func(t *testing.T, template, path string) {
		r, err := parseRoute(template)
		if err != nil {
			return
		}
		parts, ok := decodePath(path)
		if !ok {
			return
		}
		params, ok := r.match(parts)
		if !ok {
			return
		}
		for name := range params {
			if !strings.Contains(template, name) {
				t.Errorf("%q gave %q, which %q does not name", path, name, template)
			}
		}
		if _, err := json.Marshal(params); err != nil {
			t.Errorf("parameters %v: %v", params, err)
		}
	})
}
