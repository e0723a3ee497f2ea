package functions

import (
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
)

// table finds the function for a request. It is immutable.
type table struct {
	prefix  []string
	entries []entry
}

// entry is one HTTP function's route.
type entry struct {
	function string
	route    *route
	methods  []string // empty: all
	level    string
}

// newTable builds the table of an app's HTTP functions. Functions whose route
// cannot be parsed are returned with the reason.
func newTable(prefix string, functions []host.FunctionInfo) (*table, map[string]error) {
	t := &table{prefix: splitPath(strings.Trim(prefix, "/"))}
	bad := map[string]error{}
	for _, f := range functions {
		if f.HTTP == nil || f.Disabled {
			continue
		}
		r, err := parseRoute(f.HTTP.Route)
		if err != nil {
			bad[f.Name] = err
			continue
		}
		e := entry{f.Name, r, f.HTTP.Methods, f.HTTP.AuthLevel}
		if err := t.conflict(e); err != nil {
			bad[f.Name] = err
			continue
		}
		t.entries = append(t.entries, e)
	}
	sort.SliceStable(t.entries, func(i, j int) bool { return t.entries[i].route.rank() < t.entries[j].route.rank() })
	return t, bad
}

// conflict is the error of a function that no request would reach, since another with
// the same route answers all of its methods.
func (t *table) conflict(e entry) error {
	for _, other := range t.entries {
		covered := len(other.methods) == 0 || len(e.methods) > 0 &&
			!slices.ContainsFunc(e.methods, func(m string) bool { return !slices.Contains(other.methods, m) })
		if covered && other.route.shape() == e.route.shape() {
			return fault.New(fault.Conflict, "route "+strconv.Quote(e.route.text),
				"function %s answers it already, with all methods of this one; give one of the two another route or other methods", other.function)
		}
	}
	return nil
}

// find returns the most specific entry for a path and method. A path that
// matches with another method only is no match: Azure answers 404 for it.
func (t *table) find(method, escapedPath string) (entry, map[string]string, bool) {
	path, ok := decodePath(escapedPath)
	if !ok || len(path) < len(t.prefix) {
		return entry{}, nil, false
	}
	for i, p := range t.prefix {
		if !strings.EqualFold(path[i], p) {
			return entry{}, nil, false
		}
	}
	path = path[len(t.prefix):]
	for _, e := range t.entries {
		if len(e.methods) > 0 && !slices.Contains(e.methods, method) {
			continue
		}
		if params, ok := e.route.match(path); ok {
			return e, params, true
		}
	}
	return entry{}, nil, false
}

// methods lists the methods that the path answers to, for CORS preflights.
func (t *table) methods(escapedPath string) []string {
	var out []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if _, _, ok := t.find(m, escapedPath); ok {
			out = append(out, m)
		}
	}
	return out
}

// decodePath splits at slashes first and decodes then, so that an escaped slash stays
// inside its segment. It stays escaped there: %2F is the one escape that ASP.NET leaves
// as it came, since a path with a slash more would be another.
func decodePath(escaped string) ([]string, bool) {
	parts := splitPath(strings.Trim(escaped, "/"))
	if !strings.Contains(escaped, "%") {
		return parts, true
	}
	for i, p := range parts {
		decoded, err := url.PathUnescape(escapedSlash.ReplaceAllString(p, "%25$1"))
		if err != nil {
			return nil, false
		}
		parts[i] = decoded
	}
	return parts, true
}

var escapedSlash = regexp.MustCompile(`%(2[fF])`)

func splitPath(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}
