package items

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	sampleItems   = 200
	sampleBytes   = 4 << 20
	samplePaths   = 400
	sampleDepth   = 8
	sampleLength  = 5  // elements of an array that are looked at
	sampleValues  = 20 // different values of a path that are kept
	sampleValSize = 60 // bytes of such a value
)

// Schema is what the newest items of a container look like: for completion, and
// for the choice of columns.
type Schema struct {
	Sampled int64        `json:"sampled"` // items looked at
	Of      int64        `json:"of"`      // items there are
	Paths   []SchemaPath `json:"paths"`   // in the order in which they were met
	More    bool         `json:"more"`    // there are further paths
}

// SchemaPath is a property, at whatever depth.
type SchemaPath struct {
	Path   []string      `json:"path"`   // names from the root; "[]" is any element of an array
	Kinds  []string      `json:"kinds"`  // string, number, boolean, null, array, object: what was met
	Count  int64         `json:"count"`  // how often it was met
	Values []SchemaValue `json:"values"` // of strings, numbers and booleans, the most frequent first
}

// SchemaValue is a value of a property.
type SchemaValue struct {
	Value string `json:"value"` // as JSON
	Count int64  `json:"count"`
}

// readSchema serves GET …/schema.
func (p page) readSchema(w http.ResponseWriter, r *http.Request) error {
	c, err := p.container(r)
	if err != nil {
		return err
	}
	rows, err := c.Scan(r.Context(), docstore.ScanOptions{Reverse: true})
	if err != nil {
		return err
	}
	defer rows.Close()
	s := sampler{found: map[string]*sampled{}}
	out := Schema{}
	for size := 0; out.Sampled < sampleItems && size < sampleBytes && rows.Next(); out.Sampled++ {
		size += len(rows.Doc())
		s.value("", nil, rows.Doc())
	}
	if err := rows.Err(); err != nil {
		return err
	}
	out.Of, _ = c.Usage()
	out.Paths, out.More = s.paths(), s.more
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

type sampler struct {
	found map[string]*sampled
	order []*sampled
	more  bool
}

type sampled struct {
	SchemaPath
	values map[string]int64
}

// value looks at a value under a path; key tells paths apart.
func (s *sampler) value(key string, path []string, v []byte) {
	kind := kindOf(v)
	if len(path) > 0 && !s.note(key, path, kind, v) {
		return
	}
	if len(path) >= sampleDepth {
		s.more = s.more || kind == "object" || kind == "array"
		return
	}
	deeper := func(name string, v []byte) {
		s.value(key+"\x00"+name, append(slices.Clip(path), name), v)
	}
	switch kind {
	case "object":
		members(v, func(name, v []byte) bool {
			deeper(unquoted(name), v)
			return true
		})
	case "array":
		n := 0
		elements(v, func(v []byte) bool {
			deeper("[]", v)
			n++
			return n < sampleLength
		})
	}
}

// note counts a value; false where there is no room for its path.
func (s *sampler) note(key string, path []string, kind string, v []byte) bool {
	p := s.found[key]
	if p == nil {
		if len(s.order) >= samplePaths {
			s.more = true
			return false
		}
		p = &sampled{SchemaPath: SchemaPath{Path: path}, values: map[string]int64{}}
		s.found[key], s.order = p, append(s.order, p)
	}
	p.Count++
	if !slices.Contains(p.Kinds, kind) {
		p.Kinds = append(p.Kinds, kind)
	}
	if _, known := p.values[string(v)]; kind != "object" && kind != "array" && kind != "null" && len(v) <= sampleValSize && (known || len(p.values) < sampleValues) {
		p.values[string(v)]++
	}
	return true
}

func (s *sampler) paths() []SchemaPath {
	out := make([]SchemaPath, len(s.order))
	for i, p := range s.order {
		p.Values = make([]SchemaValue, 0, len(p.values))
		for v, n := range p.values {
			p.Values = append(p.Values, SchemaValue{v, n})
		}
		slices.SortFunc(p.Values, func(a, b SchemaValue) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
		out[i] = p.SchemaPath
	}
	return out
}

func kindOf(v []byte) string {
	switch v[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}
