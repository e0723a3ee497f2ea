package trigger

import (
	"testing"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// TestPayloadsTravel: no payload makes a value that the worker protocol refuses.
func TestPayloadsTravel(t *testing.T) {
	metadata := map[string]*funcrpc.TypedData{}
	ExpandPayload(metadata, []byte("{\"text\": \"\xff\", \"object\": {\"a\": \"\xff\"}, \"\xff\": 1}"))
	if len(metadata) != 3 || metadata["object"].GetJson() != "{\"a\": \"\uFFFD\"}" {
		t.Errorf("%v", metadata)
	}
	for name, v := range metadata {
		if !utf8.ValidString(name) || !utf8.ValidString(v.GetJson()) || !utf8.ValidString(v.GetString_()) {
			t.Errorf("%q: %q", name, v)
		}
	}
}
