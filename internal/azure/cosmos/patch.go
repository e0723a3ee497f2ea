package cosmos

import (
	"strconv"
	"strings"
)

// maxPatchOperations is the service's limit per patch.
const maxPatchOperations = 10

// patchDocument is the body of a PATCH or of a batch's Patch operation:
//
//	{"operations":[{"op","path","value"|"from"}…],"condition":"from c where …"?}
//
// or the bare array of operations, which the JavaScript client sends.
type patchDocument struct {
	operations []patchOperation
	condition  string
}

// patchOperation is one change. Paths are JSON pointers (RFC 6901), split and
// unescaped.
type patchOperation struct {
	op    string // add, set, replace, remove, incr or move
	path  []string
	from  []string // of move
	value []byte   // raw JSON of add, set, replace, incr
	index int      // position in the request, for messages
}

// parsePatch reads a patch document. keyPaths are the container's partition
// key paths, which a patch must not touch.
func parsePatch(body []byte, keyPaths []string) (*patchDocument, error) {
	doc := &patchDocument{}
	seen := false
	var err error
	if i := skipSpace(body, 0); i < len(body) && body[i] == '[' {
		seen = true
		doc.operations, err = parsePatchOperations(body)
	} else {
		err = readObject(body, func(name string, value []byte) (err error) {
			switch name {
			case "operations":
				seen = true
				doc.operations, err = parsePatchOperations(value)
			case "condition":
				if string(value) != "null" {
					doc.condition, err = unquote(value)
				}
			}
			return err
		})
	}
	if err == nil && !seen {
		err = badRequest(subNone, "The patch has no property 'operations'.")
	}
	if err != nil {
		return nil, jsonError(err, "patch")
	}
	if n := len(doc.operations); n == 0 || n > maxPatchOperations {
		return nil, badRequest(subNone, "The number of patch operations must be between 1 and %d, not %d.", maxPatchOperations, n)
	}
	for i := range doc.operations {
		if err := doc.operations[i].check(keyPaths); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func parsePatchOperations(body []byte) ([]patchOperation, error) {
	var ops []patchOperation
	err := readArray(body, func(raw []byte) error {
		if len(ops) > maxPatchOperations {
			return nil // refused by number afterwards
		}
		p := patchOperation{index: len(ops)}
		err := readObject(raw, func(name string, value []byte) (err error) {
			switch name {
			case "op":
				p.op, err = unquote(value)
				p.op = strings.ToLower(p.op)
			case "path":
				p.path, err = parsePointer(value)
			case "from":
				p.from, err = parsePointer(value)
			case "value":
				p.value = value
			}
			return err
		})
		ops = append(ops, p)
		return err
	})
	return ops, err
}

// parsePointer splits a JSON pointer into its unescaped segments.
func parsePointer(raw []byte) ([]string, error) {
	text, err := unquote(raw)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(text, "/") || text == "/" {
		return nil, badRequest(subNone, "The patch path '%s' is invalid: it must begin with '/' and name a property.", clip(text, 100))
	}
	segments := strings.Split(text[1:], "/")
	for i, s := range segments {
		segments[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return segments, nil
}

// check refuses operations that are malformed or reach for what may not change.
func (p *patchOperation) check(keyPaths []string) error {
	switch p.op {
	case "add", "set", "replace":
		if p.value == nil {
			return p.bad("it needs a value")
		}
	case "incr", "increment":
		p.op = "incr"
		if p.value == nil || !isNumber(p.value) {
			return p.bad("its value must be a number")
		}
	case "remove":
	case "move":
		if p.from == nil {
			return p.bad("it needs a from path")
		}
		if len(p.path) >= len(p.from) && equalPrefix(p.path, p.from) {
			return p.bad("its path lies within its from path")
		}
		if err := p.checkTarget(p.from, keyPaths); err != nil {
			return err
		}
	default:
		return p.bad("the operation is unknown: expected add, set, replace, remove, incr or move")
	}
	if p.path == nil {
		return p.bad("it needs a path")
	}
	return p.checkTarget(p.path, keyPaths)
}

// systemProperties cannot be patched, nor can the id.
var systemProperties = []string{"id", "_rid", "_self", "_etag", "_ts", "_attachments"}

// checkTarget refuses a path that is, holds or lies within the id, a system
// property or the partition key.
func (p *patchOperation) checkTarget(path []string, keyPaths []string) error {
	for _, name := range systemProperties {
		if path[0] == name {
			return p.bad("the property '" + name + "' cannot be changed")
		}
	}
	for _, kp := range keyPaths {
		key := strings.Split(strings.TrimPrefix(kp, "/"), "/")
		n := min(len(key), len(path))
		if equalPrefix(key[:n], path[:n]) {
			return p.bad("the partition key '" + kp + "' cannot be changed")
		}
	}
	return nil
}

// bad is the error of an operation by its place and path.
func (p *patchOperation) bad(why string) *apiError {
	return badRequest(subNone, "For Operation(%d): the '%s' operation on '/%s' is invalid: %s.",
		p.index+1, clip(p.op, 20), clip(strings.Join(p.path, "/"), 100), why)
}

// equalPrefix reports whether path begins with prefix.
func equalPrefix(path, prefix []string) bool {
	if len(path) < len(prefix) {
		return false
	}
	for i := range prefix {
		if path[i] != prefix[i] {
			return false
		}
	}
	return true
}

// isNumber reports whether raw is a JSON number.
func isNumber(raw []byte) bool {
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return false
	}
	end, err := skipNumber(raw, 0)
	return err == nil && end == len(raw)
}

// arrayIndex reads a pointer segment as an index into an array of n elements:
// digits, or "-" for the place behind the last.
func arrayIndex(segment string, n int) (int, bool) {
	if segment == "-" {
		return n, true
	}
	i, err := strconv.Atoi(segment)
	if err != nil || i < 0 || i > n || segment[0] == '+' {
		return 0, false
	}
	return i, true
}
