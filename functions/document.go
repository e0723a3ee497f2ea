package functions

import (
	"encoding/json"
	"fmt"
)

// Document is one JSON document, as text. In a change feed it is complete,
// with the system properties _rid, _self, _etag and _ts.
type Document []byte

// Decode parses the document into v, with the rules of [json.Unmarshal].
func (d Document) Decode(v any) error {
	if err := json.Unmarshal(d, v); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

// MarshalJSON returns the document's text.
func (d Document) MarshalJSON() ([]byte, error) { return d, nil }
