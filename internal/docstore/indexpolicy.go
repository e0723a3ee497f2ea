package docstore

import (
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	modeConsistent = "consistent"
	modeNone       = "none"
	maxPolicyPaths = 1000
	maxComposite   = 100
)

// ParseIndexingPolicy reads a policy in the JSON of the service's container
// resource. Spatial, vector and full-text indexes are kept in Raw and not
// built: queries over them read documents.
func ParseIndexingPolicy(raw []byte) (IndexingPolicy, error) {
	type path struct {
		Path  string
		Order string
	}
	var wire struct {
		IndexingMode     string
		Automatic        *bool
		IncludedPaths    []path
		ExcludedPaths    []path
		CompositeIndexes [][]path
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return IndexingPolicy{}, fault.Wrap(fault.Invalid, "indexing policy", err, "malformed")
	}
	p := IndexingPolicy{Mode: strings.ToLower(wire.IndexingMode), Raw: append(json.RawMessage(nil), raw...)}
	p.Automatic = wire.Automatic == nil || *wire.Automatic
	for _, in := range wire.IncludedPaths {
		p.Included = append(p.Included, in.Path)
	}
	for _, ex := range wire.ExcludedPaths {
		p.Excluded = append(p.Excluded, ex.Path)
	}
	for _, columns := range wire.CompositeIndexes {
		var composite []CompositePath
		for _, col := range columns {
			order := strings.ToLower(col.Order)
			if order != "" && order != "ascending" && order != "descending" {
				return IndexingPolicy{}, fault.New(fault.Invalid, "indexing policy", "order %q of composite path %s is neither ascending nor descending", col.Order, col.Path)
			}
			composite = append(composite, CompositePath{col.Path, order == "descending"})
		}
		p.Composite = append(p.Composite, composite)
	}
	return p, p.check()
}

// withDefaults fills in what the service assumes.
func (p IndexingPolicy) withDefaults() IndexingPolicy {
	if p.Mode == "" {
		p.Mode, p.Automatic = modeConsistent, true
	}
	if p.Mode == modeConsistent && len(p.Included) == 0 && len(p.Excluded) == 0 {
		p.Included = []string{"/*"}
		p.Excluded = []string{`/"_etag"/?`}
	}
	return p
}

func (p IndexingPolicy) check() error {
	if p.Mode != "" && p.Mode != modeConsistent && p.Mode != modeNone {
		return fault.New(fault.Invalid, "indexing policy", "mode %q is neither consistent nor none", p.Mode)
	}
	if len(p.Included)+len(p.Excluded) > maxPolicyPaths || len(p.Composite) > maxComposite {
		return fault.New(fault.Invalid, "indexing policy", "more than %d paths or %d composite indexes", maxPolicyPaths, maxComposite)
	}
	for _, list := range [][]string{p.Included, p.Excluded} {
		for _, path := range list {
			if _, err := parsePattern(path); err != nil {
				return err
			}
		}
	}
	for _, columns := range p.Composite {
		if len(columns) < 2 || len(columns) > 8 {
			return fault.New(fault.Invalid, "indexing policy", "a composite index has two to eight paths")
		}
		for _, col := range columns {
			if _, err := parsePath(col.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// pattern is an included or excluded path.
type pattern struct {
	names   []string
	subtree bool // ends in "*": everything below, and the path itself
}

// parsePattern reads "/*", "/a/?", "/a/b/*", "/a/[]/?".
func parsePattern(path string) (pattern, error) {
	if path == "/*" || path == "/" {
		return pattern{subtree: true}, nil
	}
	switch {
	case strings.HasSuffix(path, "/?"):
		names, err := parsePath(strings.TrimSuffix(path, "/?"))
		return pattern{names: names}, err
	case strings.HasSuffix(path, "/*"):
		names, err := parsePath(strings.TrimSuffix(path, "/*"))
		return pattern{names: names, subtree: true}, err
	}
	return pattern{}, fault.New(fault.Invalid, "indexing policy", "path %s ends in neither /? nor /*", path)
}

// match returns how specific the pattern is for the path, or -1 when it does
// not match: the longer the better, and "?" before "*".
func (p pattern) match(path []string) int {
	if len(p.names) > len(path) || !p.subtree && len(p.names) != len(path) {
		return -1
	}
	for i, name := range p.names {
		if path[i] != name {
			return -1
		}
	}
	if p.subtree {
		return 2 * len(p.names)
	}
	return 2*len(p.names) + 1
}

// allows reports whether the path may be indexed. As on the service, id and
// _ts always may while there are indexes at all.
func (p IndexingPolicy) allows(path []string) bool {
	if p.Mode == modeNone || len(path) == 0 {
		return false
	}
	if len(path) == 1 && (path[0] == "id" || path[0] == "_ts") {
		return true
	}
	return best(p.Included, path) > best(p.Excluded, path)
}

func best(patterns []string, path []string) int {
	found := -1
	for _, text := range patterns {
		if p, err := parsePattern(text); err == nil {
			found = max(found, p.match(path))
		}
	}
	return found
}

// explicit returns the paths the policy names one by one; they are indexed from
// the start.
func (p IndexingPolicy) explicit() [][]string {
	if p.Mode == modeNone {
		return nil
	}
	var paths [][]string
	for _, text := range p.Included {
		pat, err := parsePattern(text)
		if err != nil || pat.subtree || !p.allows(pat.names) {
			continue
		}
		array := false
		for _, name := range pat.names {
			array = array || name == "[]"
		}
		if !array {
			paths = append(paths, pat.names)
		}
	}
	return paths
}
