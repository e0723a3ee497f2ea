package azcli

import (
	"errors"
	"maps"
	"slices"
)

// withNulls has fields that az shows also where the service says nothing.
func withNulls(v any, fields ...string) any {
	object, is := v.(map[string]any)
	if !is {
		return v
	}
	for _, f := range fields {
		if _, has := object[f]; !has {
			object[f] = nil
		}
	}
	return object
}

func isNotFound(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.status == exitNotFound
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
