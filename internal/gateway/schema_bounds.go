package gateway

import (
	"errors"
	"fmt"
	"strings"
)

// maxComposed bounds how many schemas one value is held against at one place: schemas
// that are composed of each other multiply.
const maxComposed = 10_000

// bounded is nil, or why holding values against what references name in a document might
// not end: a schema there, or below, is composed of itself, or of too many.
func bounded(document any, references ...string) error {
	w := weights{root: document, by: map[string]int{}, seen: map[string]bool{}}
	for _, ref := range references {
		if err := w.below(map[string]any{"$ref": ref}); err != nil {
			return err
		}
	}
	return nil
}

// weights are how many schemas a schema is composed of.
type weights struct {
	root any
	by   map[string]int  // by reference; 0 is one that is being counted
	seen map[string]bool // references that were followed
}

// below counts a schema and all that is in it or that it names: more than its schemas,
// which is no harm.
func (w *weights) below(v any) error {
	switch v := v.(type) {
	case map[string]any:
		if _, err := w.of(v); err != nil {
			return err
		}
		for keyword, inner := range v {
			if keyword == "definitions" || keyword == "$defs" || keyword == "components" {
				continue // those that are named
			}
			if err := w.below(inner); err != nil {
				return err
			}
		}
		if ref, is := v["$ref"].(string); is && !w.seen[ref] {
			w.seen[ref] = true
			return w.below(pointed(w.root, ref))
		}
	case []any:
		for _, inner := range v {
			if err := w.below(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *weights) of(v any) (n int, err error) {
	s, is := v.(map[string]any)
	if !is {
		return 1, nil
	}
	n = 1
	add := func(v any) {
		if err == nil {
			var more int
			more, err = w.of(v)
			n += more
		}
	}
	if ref, is := s["$ref"].(string); is {
		n, err = w.reference(ref)
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := s[keyword].([]any)
		for _, part := range list {
			add(part)
		}
	}
	for _, keyword := range []string{"not", "if", "then", "else"} {
		if part, there := s[keyword]; there {
			add(part)
		}
	}
	if err == nil && n > maxComposed {
		err = fmt.Errorf("a schema is composed of more than %d others", maxComposed)
	}
	return n, err
}

func (w *weights) reference(ref string) (int, error) {
	n, known := w.by[ref]
	switch {
	case known && n == 0:
		return 0, errors.New("a schema is composed of itself: " + ref)
	case known:
		return n, nil
	}
	w.by[ref] = 0
	n, err := w.of(pointed(w.root, ref))
	w.by[ref] = max(n, 1)
	return n, err
}

// pointed is what a reference within a document means; nil: nothing.
func pointed(document any, ref string) any {
	pointer, is := strings.CutPrefix(ref, "#")
	if !is {
		return nil
	}
	at := document
	for _, step := range strings.Split(pointer, "/")[1:] {
		m, _ := at.(map[string]any)
		at = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	return at
}
