package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// Hosts choose among several encodings of the same value: a list of texts may
// come as collection_string or as a JSON array, a body as bytes, text or JSON.
// The functions of this file read any of them into one Go type.

func jsonData(text string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: text}}
}

// input returns the value of an input binding. The trigger is the only input
// of our functions, so a single one is taken whatever its name.
func input(req *funcrpc.InvocationRequest, name string) (*funcrpc.TypedData, error) {
	for _, p := range req.InputData {
		if p.Name == name || len(req.InputData) == 1 {
			if p.GetRpcSharedMemory() != nil {
				return nil, fmt.Errorf("input %s: shared memory was not offered to the host", p.Name)
			}
			return p.GetData(), nil
		}
	}
	return nil, fmt.Errorf("the host sent no input named %s", name)
}

// metadata returns a value of the trigger's metadata, or nil.
func metadata(req *funcrpc.InvocationRequest, name string) *funcrpc.TypedData {
	if d, ok := req.TriggerMetadata[name]; ok {
		return d
	}
	for k, d := range req.TriggerMetadata {
		if strings.EqualFold(k, name) {
			return d
		}
	}
	return nil
}

// text returns a value that is one text, unquoting JSON strings.
func text(d *funcrpc.TypedData) string {
	switch v := d.GetData().(type) {
	case *funcrpc.TypedData_String_:
		return v.String_
	case *funcrpc.TypedData_Bytes:
		return string(v.Bytes)
	case *funcrpc.TypedData_Json:
		return unquote([]byte(v.Json))
	case *funcrpc.TypedData_Int:
		return fmt.Sprint(v.Int)
	}
	return ""
}

// unquote returns the contents of a JSON string, "" for null, and any other
// JSON as it is.
func unquote(raw []byte) string {
	if plainString(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	if s == nil {
		return ""
	}
	return *s
}

// plainString reports whether raw is a JSON string that stands for itself:
// printable ASCII without escapes, as times and names are.
func plainString(raw []byte) bool {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return false
	}
	for _, b := range raw[1 : len(raw)-1] {
		if b < 0x20 || b > 0x7e || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

// jsonText returns a value that is JSON, whether it came as json or as text.
func jsonText(d *funcrpc.TypedData) (string, error) {
	switch v := d.GetData().(type) {
	case *funcrpc.TypedData_Json:
		return v.Json, nil
	case *funcrpc.TypedData_String_:
		return v.String_, nil
	case *funcrpc.TypedData_Bytes:
		return string(v.Bytes), nil
	case nil:
		return "", nil
	default:
		return "", fmt.Errorf("the host sent %T where JSON is expected", v)
	}
}

// bodies returns the payloads of a batch.
func bodies(d *funcrpc.TypedData) ([][]byte, error) {
	switch v := d.GetData().(type) {
	case *funcrpc.TypedData_CollectionBytes:
		return v.CollectionBytes.GetBytes(), nil
	case *funcrpc.TypedData_CollectionString:
		out := make([][]byte, len(v.CollectionString.GetString_()))
		for i, s := range v.CollectionString.GetString_() {
			out[i] = []byte(s)
		}
		return out, nil
	}
	array, err := jsonText(d)
	if err != nil {
		return nil, err
	}
	raws, err := splitArray(array)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(raws))
	for i, raw := range raws {
		out[i] = []byte(unquote(raw))
	}
	return out, nil
}

// body returns the payload of a single event.
func body(d *funcrpc.TypedData) ([]byte, error) {
	switch v := d.GetData().(type) {
	case *funcrpc.TypedData_Bytes:
		return v.Bytes, nil
	case *funcrpc.TypedData_String_:
		return []byte(v.String_), nil
	case *funcrpc.TypedData_Json:
		return []byte(v.Json), nil
	case nil:
		return nil, nil
	default:
		return nil, fmt.Errorf("the host sent %T where one event is expected", v)
	}
}

// texts returns a list of texts; a missing one is "".
func texts(d *funcrpc.TypedData) ([]string, error) {
	if v, ok := d.GetData().(*funcrpc.TypedData_CollectionString); ok {
		return v.CollectionString.GetString_(), nil
	}
	return list[string](d)
}

// numbers returns a list of integers.
func numbers(d *funcrpc.TypedData) ([]int64, error) {
	if v, ok := d.GetData().(*funcrpc.TypedData_CollectionSint64); ok {
		return v.CollectionSint64.GetSint64(), nil
	}
	return list[int64](d)
}

// times returns a list of moments.
func times(d *funcrpc.TypedData) ([]moment, error) {
	if v, ok := d.GetData().(*funcrpc.TypedData_CollectionString); ok {
		out := make([]moment, len(v.CollectionString.GetString_()))
		for i, s := range v.CollectionString.GetString_() {
			if err := out[i].parse(s); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	raws, err := objects(d)
	if err != nil {
		return nil, err
	}
	out := make([]moment, len(raws))
	for i, raw := range raws {
		if i > 0 && bytes.Equal(raw, raws[i-1]) { // events of a batch often share it
			out[i] = out[i-1]
		} else if err := out[i].UnmarshalJSON(raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// objects returns a list of JSON values, unparsed.
func objects(d *funcrpc.TypedData) ([]json.RawMessage, error) {
	array, err := jsonText(d)
	if err != nil {
		return nil, err
	}
	return splitArray(array)
}

func list[T any](d *funcrpc.TypedData) ([]T, error) {
	array, err := jsonText(d)
	if err != nil || array == "" {
		return nil, err
	}
	var out []T
	if err := json.Unmarshal([]byte(array), &out); err != nil {
		return nil, err
	}
	return out, nil
}

// moment is a time as hosts write it: RFC 3339, or the same without a zone,
// which means UTC.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(raw []byte) error {
	s := unquote(raw)
	if s == "" {
		return nil
	}
	return m.parse(s)
}

func (m *moment) parse(s string) error {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999", s)
	}
	if err != nil {
		return errors.New("a time from the host is neither RFC 3339 nor empty: " + quote(s))
	}
	m.Time = t.UTC()
	return nil
}
