package storage

import (
	"net/http"
	"strings"
)

// Pair is a name and a value of metadata.
type Pair struct{ Name, Value string }

// maxMetadata bounds names and values together.
const maxMetadata = 8 << 10

const metadataPrefix = "x-ms-meta-"

// Metadata reads the headers x-ms-meta-NAME in their order, with the names as the
// client wrote them; empty values stay. Names are C# identifiers, compared without
// case.
func (r *Request) Metadata() ([]Pair, error) {
	names := metadataNames(r.HTTP)
	if len(names) == 0 {
		return nil, nil
	}
	pairs, seen, size := make([]Pair, 0, len(names)), make(map[string]bool, len(names)), 0
	for _, full := range names {
		name, key := full[len(metadataPrefix):], http.CanonicalHeaderKey(full)
		value := r.Header(key)
		switch folded := strings.ToLower(name); {
		case name == "":
			return nil, Fail("EmptyMetadataKey")
		case !isIdentifier(name):
			return nil, Fail("InvalidMetadata").With("HeaderName", clip(full, 300))
		case seen[folded]:
			return nil, Fail("InvalidMetadata").With("HeaderName", full).With("Reason", "The name comes twice.")
		default:
			seen[folded] = true
		}
		if size += len(name) + len(value); size > maxMetadata {
			return nil, Fail("MetadataTooLarge")
		}
		pairs = append(pairs, Pair{name, value})
	}
	return pairs, nil
}

// SetMetadata writes metadata into the headers of a reply, names as they are.
func SetMetadata(h http.Header, pairs []Pair) {
	for _, p := range pairs {
		h[metadataPrefix+p.Name] = []string{p.Value}
	}
}

// isIdentifier: ^[A-Za-z_]\w*$, which is what can be a header's name of C#'s
// identifiers.
func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !('a' <= c && c <= 'z' || s[i] == '_' || i > 0 && '0' <= s[i] && s[i] <= '9') {
			return false
		}
	}
	return s != ""
}
