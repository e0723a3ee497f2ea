package cosmos

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// readKey reads the partition key header for an operation on one item: it must
// be there and name every path of the container's key. An empty array is what
// old clients send for a document without the property.
func (x *exchange) readKey() (docstore.PartitionKey, error) {
	key, err := x.parseKeyHeader()
	if err != nil {
		return docstore.PartitionKey{}, err
	}
	want := len(x.info.keyPaths)
	if key == nil {
		return docstore.PartitionKey{}, badRequest(subNone, "PartitionKey value must be supplied for this operation.")
	}
	if key.Len() == 0 {
		return docstore.Key(make([]docstore.Value, want)...), nil
	}
	if key.Len() != want {
		return docstore.PartitionKey{}, badRequest(subKeyMismatch, "Partition key provided either doesn't correspond to definition in the collection or doesn't match partition key field values specified in the document: the key has %d components and the container %d paths.", key.Len(), want)
	}
	return *key, nil
}

// readKeyFilter reads the partition key header of a feed: nil is the whole
// container, fewer components than paths are every partition under them.
func (x *exchange) readKeyFilter() (*docstore.PartitionKey, error) {
	key, err := x.parseKeyHeader()
	if err != nil || key == nil || key.Len() == 0 {
		return nil, err
	}
	if want := len(x.info.keyPaths); key.Len() > want {
		return nil, badRequest(subKeyMismatch, "The partition key has %d components and the container %d paths.", key.Len(), want)
	}
	return key, nil
}

// parseKeyHeader returns nil when there is no header.
func (x *exchange) parseKeyHeader() (*docstore.PartitionKey, error) {
	v, ok := x.r.Header[hdrPartitionKey]
	if !ok || len(v) == 0 || v[0] == "" {
		return nil, nil
	}
	if s, ok := plainKey(v[0]); ok {
		key := docstore.StringKey(s)
		return &key, nil
	}
	key, err := docstore.ParsePartitionKey(v[0])
	if err != nil {
		return nil, badRequest(subKeyMismatch, "The value '%s' of the header 'x-ms-documentdb-partitionkey' is invalid: %v.", clip(v[0], 80), err)
	}
	return &key, nil
}

// plainKey reads the most common header, an array of one short string without
// escapes, without a JSON parser.
func plainKey(header string) (string, bool) {
	inner, ok := strings.CutPrefix(header, `["`)
	if !ok {
		return "", false
	}
	inner, ok = strings.CutSuffix(inner, `"]`)
	if !ok || len(inner) > 255 {
		return "", false
	}
	for i := range len(inner) {
		if c := inner[i]; c < 0x20 || c > 0x7E || c == '"' || c == '\\' {
			return "", false
		}
	}
	return inner, true
}

// keyRangeFilter is a part of the effective key space that a feed asks for.
// The zero value is all of it.
type keyRangeFilter struct {
	min, max string // hex, min inclusive, max exclusive; max "" is no bound
	spec     docstore.PartitionKeySpec
}

// readKeyRange reads the effective partition key headers.
func (x *exchange) readKeyRange() (keyRangeFilter, error) {
	f := keyRangeFilter{min: strings.ToUpper(x.header(hdrStartEPK)), max: strings.ToUpper(x.header(hdrEndEPK))}
	if f.max == maxEPK {
		f.max = ""
	}
	for _, epk := range [...]string{f.min, f.max} {
		if len(epk) > 512 || strings.Trim(epk, "0123456789ABCDEF") != "" {
			return f, badRequest(subNone, "The effective partition key '%s' is not hexadecimal.", clip(epk, 80))
		}
	}
	if !f.all() {
		f.spec = x.info.keySpec
	}
	return f, nil
}

// all says whether the filter lets everything pass.
func (f *keyRangeFilter) all() bool { return f.min == "" && f.max == "" }

// has says whether the document belongs to the part.
func (f *keyRangeFilter) has(doc []byte) (bool, error) {
	if f.all() {
		return true, nil
	}
	key, err := docstore.KeyOf(doc, f.spec.Paths)
	if err != nil {
		return false, err
	}
	epk := effectiveKey(key, f.spec)
	return epk >= f.min && (f.max == "" || epk < f.max), nil
}

// effectiveKey is the effective partition key under the container's definition.
func effectiveKey(key docstore.PartitionKey, spec docstore.PartitionKeySpec) string {
	parts := make([]keyPart, key.Len())
	for i := range parts {
		v := key.Component(i)
		switch v.Kind {
		case docstore.Null:
			parts[i].mark = markNull
		case docstore.False:
			parts[i].mark = markFalse
		case docstore.True:
			parts[i].mark = markTrue
		case docstore.Number:
			parts[i] = keyPart{mark: markNumber, num: v.Num}
		case docstore.String:
			parts[i] = keyPart{mark: markString, str: v.Str}
		}
	}
	switch {
	case spec.Kind == "MultiHash":
		return epkMulti(parts)
	case spec.Version == 2:
		return epkV2(parts)
	}
	return epkV1(parts)
}
