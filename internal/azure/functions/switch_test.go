package functions

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestRoutesFollowSwitches: a function that is turned off answers 404, and
// answers again once it is on.
func TestRoutesFollowSwitches(t *testing.T) {
	var app *Config
	f := start(t, "", func(c *Config) { app = c })
	f.expect("GET", "/api/hello/ann", "", 200, "hello ann ")
	if err := app.Host.Switch("hello", false); err != nil {
		t.Fatal(err)
	}
	if code, _ := f.status("GET", "/api/hello/ann"); code != 404 {
		t.Errorf("off: %d", code)
	}
	if err := app.Host.Switch("hello", true); err != nil {
		t.Fatal(err)
	}
	f.expect("GET", "/api/hello/ann", "", 200, "hello ann ")
}

func TestPeopleManageKeys(t *testing.T) {
	k := NewKeys("m")
	if names, err := k.Names("host"); err != nil || len(names) != 2 || names[0] != MasterKey || names[1] != "default" {
		t.Errorf("host: %v %v", names, err)
	}
	if v, err := k.Reveal("host", MasterKey); err != nil || v != "m" {
		t.Errorf("master: %q %v", v, err)
	}
	before, err := k.Reveal("host", "default")
	if err != nil || k.Renew(t.Context(), "host", "default") != nil {
		t.Fatal(err)
	}
	if after, err := k.Reveal("host", "default"); err != nil || after == before || after == "" {
		t.Errorf("made anew: %q, before %q, %v", after, before, err)
	}
	if err := k.Renew(t.Context(), "function:Hello", "mine"); err != nil {
		t.Fatal(err)
	}
	if names, err := k.Names("function:hello"); err != nil || len(names) != 1 {
		t.Errorf("function: %v %v", names, err)
	}
	if err := k.Remove(t.Context(), "function:hello", "mine"); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"the master key goes":  k.Remove(t.Context(), "host", MasterKey),
		"a key without a name": k.Renew(t.Context(), "host", ""),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, odd := k.Names("odd")
	_, none := k.Reveal("system", "none")
	for what, err := range map[string]error{"odd place": odd, "unknown key": none, "unknown key removed": k.Remove(t.Context(), "host", "none")} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
