package functions

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
)

// functionID is the id that host and worker use for a function: the same on
// every start, and another when its trigger changes.
func functionID(name, trigger string) string {
	sum := sha256.Sum256([]byte(name + ":" + trigger))
	return hex.EncodeToString(sum[:])
}

func quote(s string) string { return strconv.Quote(s) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
