package blob

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Whatever the engine refuses has a code, a status and a text on the wire.
func TestEveryEngineCodeIsOnTheWire(t *testing.T) {
	for _, code := range objectstore.Codes() {
		e := asError(&fault.Refusal{Code: code, Fault: fault.New(fault.Conflict, "blob x", "it is so")})
		name := string(code)
		if row, ok := wireCodes[code]; ok {
			name = row.code
		}
		if !storage.Known(name) || e.Code != name || e.Status < 300 {
			t.Errorf("%s: %d %s", code, e.Status, e.Code)
		}
		if e.Status >= 500 && code != objectstore.InternalError && code != objectstore.BlobDamaged && code != objectstore.ServerBusy {
			t.Errorf("%s is our fault: %d", code, e.Status)
		}
	}
	for code := range wireCodes {
		if !slices.Contains(objectstore.Codes(), code) {
			t.Errorf("%s is no code of the engine", code)
		}
	}
}

// Every code that the package names is in the table of the services.
func TestEveryCodeIsKnown(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	named := regexp.MustCompile(`storage\.Fail\("(\w+)"\)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasSuffix(file, "_test.go") && !storage.Known(m[1]) {
				t.Errorf("%s: %s is no code of the services", file, m[1])
			}
		}
	}
}
