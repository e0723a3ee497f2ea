package cosmos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// A new fault kind must be given a status before it can be forgotten.
func TestEveryKindHasAStatus(t *testing.T) {
	codes := map[string]fault.Kind{}
	for _, k := range fault.Kinds() {
		row, ok := kindTable[k]
		if !ok {
			t.Errorf("kind %q has no row", k)
			continue
		}
		if row.status < 400 || http.StatusText(row.status) == "" || row.code == "" || row.text == "" {
			t.Errorf("kind %q has an incomplete row %+v", k, row)
		}
		if other, taken := codes[row.code]; taken {
			t.Errorf("kinds %q and %q share the code %s", k, other, row.code)
		}
		codes[row.code] = k
		e := asAPIError(fmt.Errorf("write: %w", fault.New(k, "container c", "the engine's words")))
		if e.status != row.status || e.code != row.code {
			t.Errorf("kind %q became %d %s", k, e.status, e.code)
		}
		if !strings.Contains(e.msg, "the engine's words") {
			t.Errorf("kind %q: %s", k, e.msg)
		}
	}
	for _, err := range []error{
		fault.Wrap(fault.Internal, "/srv/kv", errors.New("/srv/kv/1.sst"), "a file is damaged"),
		fault.Wrap(fault.Unavailable, "/srv/kv", errors.New("/srv/kv/1.log"), "the disk is full"),
		errors.New("/srv"),
	} {
		if e := asAPIError(err); strings.Contains(e.msg, "/srv") {
			t.Errorf("%v: the client reads %s", err, e.msg)
		}
	}
	if len(kindTable) != len(fault.Kinds()) {
		t.Errorf("%d rows for %d kinds", len(kindTable), len(fault.Kinds()))
	}
}

func TestSubStatusesOnlyWhereARuleWantsThem(t *testing.T) {
	for _, k := range fault.Kinds() {
		if e := asAPIError(fault.New(k, "", "")); e.sub != subNone {
			t.Errorf("kind %q carries sub-status %d by itself", k, e.sub)
		}
	}
	if e := asAPIError(ownerMissing(fault.New(fault.NotFound, "database d", ""))); e.status != 404 || e.sub != subOwnerMissing {
		t.Errorf("a missing owner is %d/%d", e.status, e.sub)
	}
	if e := asAPIError(ownerMissing(fault.New(fault.Unavailable, "", ""))); e.sub != subNone {
		t.Errorf("an unavailable owner got sub-status %d", e.sub)
	}
	if e := asAPIError(fault.New(fault.Throttled, "", "")); e.retry == 0 {
		t.Error("a 429 without a wait makes clients spin")
	}
}

func TestContextErrorsAreTimeouts(t *testing.T) {
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		if e := asAPIError(fmt.Errorf("scan: %w", err)); e.status != http.StatusRequestTimeout {
			t.Errorf("%v became %d", err, e.status)
		}
	}
	if e := asAPIError(errors.New("disk on fire")); e.status != 500 || strings.Contains(e.msg, "fire") {
		t.Errorf("an unclassified error became %d %q", e.status, e.msg)
	}
}

func TestErrorBodyIsJSON(t *testing.T) {
	raw := errorBody(&apiError{code: "BadRequest", msg: "a \"quote\"\n\x01\xff end", info: planOfValues}, "id-1")
	var got struct{ Code, Message, AdditionalErrorInfo string }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if got.Code != "BadRequest" || got.Message != "a \"quote\"\n\x01\uFFFD end\r\nActivityId: id-1" || got.AdditionalErrorInfo != planOfValues {
		t.Errorf("%+v", got)
	}
	if !json.Valid([]byte(got.AdditionalErrorInfo)) || !json.Valid([]byte(queryEngine)) {
		t.Error("a constant body is not JSON")
	}
}
