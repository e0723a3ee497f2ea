package table

import (
	"errors"
	"net/http"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// TestEveryCodeIsOnTheWire walks the engine's codes, so that a new one cannot be
// forgotten: each has the service's own status and text, of the class that its kind
// of fault asks for.
func TestEveryCodeIsOnTheWire(t *testing.T) {
	for _, code := range tablestore.Codes() {
		if !storage.Known(string(code)) {
			t.Errorf("%s has no status and text", code)
		}
	}
	for kind, status := range map[fault.Kind]int{fault.NotFound: 404, fault.Conflict: 409, fault.PreconditionFailed: 412, fault.Invalid: 400} {
		if e := asError(fault.New(kind, "x", "y")); e.Status != status {
			t.Errorf("%v is %d %s, want %d", kind, e.Status, e.Code, status)
		}
	}
	for _, kind := range fault.Kinds() {
		if e := asError(fault.New(kind, "x", "y")); (e.Status >= 500) != (kind == fault.Internal || kind == fault.Unavailable || kind == fault.Throttled) {
			t.Errorf("%v is %d %s", kind, e.Status, e.Code)
		}
	}
	if e := asError(&odata.Error{Position: 1, Unsupported: true}); e.Status != http.StatusNotImplemented {
		t.Errorf("what filters do not have is %d", e.Status)
	}
	if e := asError(errors.New("secret path /x")); e.Status != 500 || len(e.Extra) > 0 {
		t.Errorf("an error of ours tells %+v", e)
	}
}
