package binding

import (
	"bytes"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Documents takes the documents out of an output value: a JSON object is one,
// an array of objects is many, null or an empty value none. The documents are
// slices of the value's own text, so nothing is decoded or encoded; whoever
// stores them checks what is inside the braces.
func Documents(v *funcrpc.TypedData) ([][]byte, error) {
	switch d := v.GetData().(type) {
	case nil:
		return nil, nil
	case *funcrpc.TypedData_Json:
		return SplitDocuments([]byte(d.Json))
	case *funcrpc.TypedData_String_:
		return SplitDocuments([]byte(d.String_))
	case *funcrpc.TypedData_Bytes:
		return SplitDocuments(d.Bytes)
	case *funcrpc.TypedData_CollectionString:
		var docs [][]byte
		for _, s := range d.CollectionString.GetString_() {
			more, err := SplitDocuments([]byte(s))
			if err != nil {
				return nil, err
			}
			docs = append(docs, more...)
		}
		return docs, nil
	}
	return nil, fault.New(fault.Invalid, "output", "a document must be JSON, not %T", v.GetData())
}

// SplitDocuments cuts a JSON text into its objects. Errors give the byte
// offset.
func SplitDocuments(text []byte) ([][]byte, error) {
	i := skipSpace(text, 0)
	switch {
	case i == len(text):
		return nil, nil
	case bytes.HasPrefix(text[i:], []byte("null")):
		return nil, atEnd(text, i+len("null"))
	case text[i] == '{':
		end, err := objectEnd(text, i)
		if err != nil {
			return nil, err
		}
		return [][]byte{text[i:end:end]}, atEnd(text, end)
	case text[i] == '[':
		return splitArray(text, i+1)
	}
	return nil, notDocuments(i, "expected an object or an array of objects")
}

func splitArray(text []byte, i int) ([][]byte, error) {
	var docs [][]byte
	i = skipSpace(text, i)
	if i < len(text) && text[i] == ']' {
		return docs, atEnd(text, i+1)
	}
	for {
		if i >= len(text) || text[i] != '{' {
			return nil, notDocuments(i, "expected an object")
		}
		end, err := objectEnd(text, i)
		if err != nil {
			return nil, err
		}
		docs = append(docs, text[i:end:end])
		i = skipSpace(text, end)
		switch {
		case i < len(text) && text[i] == ',':
			i = skipSpace(text, i+1)
		case i < len(text) && text[i] == ']':
			return docs, atEnd(text, i+1)
		default:
			return nil, notDocuments(i, "expected \",\" or \"]\"")
		}
	}
}

func atEnd(text []byte, i int) error {
	if i = skipSpace(text, i); i != len(text) {
		return notDocuments(i, "text after the end")
	}
	return nil
}

// objectEnd returns the index after the brace that closes the object at i. It
// counts brackets outside of strings and looks at nothing else.
func objectEnd(text []byte, i int) (int, error) {
	start, depth := i, 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return 0, notDocuments(start, "an object that does not end")
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

func notDocuments(offset int, what string) error {
	return fault.New(fault.Invalid, "output", "not documents: %s at byte %d", what, offset)
}
