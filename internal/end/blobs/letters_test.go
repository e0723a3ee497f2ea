package blobs

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// TestLetters: a container keeps letters, among blobs that are none.
func TestLetters(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		config, err := hostjson.Default(nil)
		if err != nil {
			t.Fatal(err)
		}
		setup := letter.Setup{
			Place: letter.Place{Kind: "container", Name: "dead"}, Function: "f", Config: config,
			Settings: settings.New(map[string]string{settings.HostStorage: "UseDevelopmentStorage=true"}),
		}
		kind := w.end().Letters()
		open := func(t *testing.T) letter.Store {
			s, err := kind.Open(t.Context(), setup)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		c := open(t).(*letters).c
		for _, name := range []string{"f/readme.txt", "g/2026/letter.json"} {
			if err := c.Write(t.Context(), name, []byte("none")); err != nil {
				t.Fatal(err)
			}
		}
		endtest.LettersContract(t, open)
		if l, err := letter.Read(t.Context(), open(t), "f/gone"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%+v, %v", l, err)
		}
		for after, want := range map[string]string{"": "f/readme.txt", "f/readme.txt": ""} {
			names, err := c.List(t.Context(), "f/r", after, 1)
			if got := strings.Join(names, " "); err != nil || got != want {
				t.Errorf("after %q: %q, %v", after, got, err)
			}
		}
		setup.Name = "No_Container"
		if err := kind.Check(setup); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}
