package docstore

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxKeyBytes is the limit of a partition key's text (the service's, for keys
// of version 2).
const maxKeyBytes = 2048

// PartitionKey is the value that places an item in its logical partition: one
// component per path of the container's key, each Undefined, Null, False, True,
// a Number or a String. A key with fewer components than the container has
// paths stands for every partition that begins with them.
//
// Partition keys are comparable with ==. The zero PartitionKey has no
// component.
type PartitionKey struct {
	enc string // the components' encodings, joined
	n   int
}

// Key returns the partition key with the components. It panics on an array or
// an object: no document has such a key.
func Key(components ...Value) PartitionKey {
	var enc []byte
	for _, v := range components {
		if v.Kind >= Array {
			panic("docstore: partition key of an array or object")
		}
		enc = appendValue(enc, v)
	}
	return PartitionKey{string(enc), len(components)}
}

// StringKey returns the partition key of one string.
func StringKey(s string) PartitionKey { return Key(Value{Kind: String, Str: s}) }

// Len returns the number of components.
func (k PartitionKey) Len() int { return k.n }

// Component returns the i-th component.
func (k PartitionKey) Component(i int) Value {
	rest := []byte(k.enc)
	for ; i > 0; i-- {
		rest, _ = skipValue(rest)
	}
	v, _, err := parseValue(rest)
	if err != nil {
		panic("docstore: component of a partition key: " + err.Error())
	}
	return v
}

// ParsePartitionKey reads the JSON array of the partition key header:
// ["a"], [1.5], [true], [null], [{}] (undefined), ["a",1] (hierarchical), and
// [] (no component). It returns fault.Invalid for anything else.
func ParsePartitionKey(header string) (PartitionKey, error) {
	bad := func(msg string) (PartitionKey, error) {
		return PartitionKey{}, fault.New(fault.Invalid, "partition key", "%s; expected a JSON array of scalars", msg)
	}
	if len(header) > 8*maxKeyBytes {
		return bad("too long")
	}
	if !utf8.ValidString(header) {
		return bad("invalid UTF-8")
	}
	var parts []json.RawMessage
	if json.Unmarshal([]byte(header), &parts) != nil {
		return bad("not an array") // encoding/json would speak of Go types
	}
	if parts == nil {
		return bad("null")
	}
	if len(parts) > maxKeyPaths {
		return bad("more than three components")
	}
	var enc []byte
	for _, raw := range parts {
		switch raw[0] {
		case '{':
			if property := skipSpace(raw, 1); raw[property] != '}' {
				return bad("object component that is not {}")
			}
			enc = appendRaw(enc, nil)
		case '[':
			return bad("array component")
		default:
			if v := valueOf(raw); math.IsInf(v.Num, 0) {
				return bad("a number that no double holds")
			}
			enc = appendRaw(enc, raw)
		}
	}
	if len(enc) > maxKeyBytes+len(parts)*16 {
		return bad("too long")
	}
	return PartitionKey{string(enc), len(parts)}, nil
}

// String returns the key in the form ParsePartitionKey reads.
func (k PartitionKey) String() string {
	out := []byte{'['}
	for i := range k.n {
		if i > 0 {
			out = append(out, ',')
		}
		switch v := k.Component(i); v.Kind {
		case Undefined:
			out = append(out, "{}"...)
		case Null:
			out = append(out, "null"...)
		case False:
			out = append(out, "false"...)
		case True:
			out = append(out, "true"...)
		case Number:
			out = appendNumber(out, v.Num)
		case String:
			quoted, err := json.Marshal(v.Str)
			if err != nil {
				panic(err) // a string always marshals
			}
			out = append(out, quoted...)
		}
	}
	return string(append(out, ']'))
}

// appendNumber writes a float so that it reads back as itself; JSON has no
// infinity, but a literal beyond the range reads as one.
func appendNumber(out []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(out, "1e999"...)
	case math.IsInf(f, -1):
		return append(out, "-1e999"...)
	}
	return strconv.AppendFloat(out, f, 'g', -1, 64)
}

// KeyOf reads the partition key of a document at the paths ("/deviceId",
// "/address/zip"). A missing property is Undefined; an array or object at a
// path is fault.Invalid, as is text that is not a JSON object.
func KeyOf(doc []byte, paths []string) (PartitionKey, error) {
	if _, err := scanObject(doc, nil); err != nil {
		return PartitionKey{}, fault.Wrap(fault.Invalid, "document", err, "not a JSON object")
	}
	var enc []byte
	for _, path := range paths {
		names, err := parsePath(path)
		if err != nil {
			return PartitionKey{}, err
		}
		if enc, err = appendKeyComponent(enc, find(doc, names), path); err != nil {
			return PartitionKey{}, err
		}
	}
	return PartitionKey{string(enc), len(paths)}, nil
}

// appendKeyComponent appends the encoding of a raw value as a component.
func appendKeyComponent(enc, raw []byte, path string) ([]byte, error) {
	if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		return enc, fault.New(fault.Invalid, "partition key", "the document has an array or object at %s", path)
	}
	if len(raw) > 4*maxKeyBytes {
		return enc, fault.New(fault.Invalid, "partition key", "the value at %s is longer than %d bytes", path, maxKeyBytes)
	}
	start := len(enc)
	enc = appendRaw(enc, raw)
	if len(enc)-start > maxKeyBytes+16 {
		return enc, fault.New(fault.Invalid, "partition key", "the value at %s is longer than %d bytes", path, maxKeyBytes)
	}
	return enc, nil
}
