package cli

import (
	"slices"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/app"
)

// What is suggested works here: a hub of another namespace, or of a function that is
// disabled, would be made anew in this one.
func TestSuggestionsWorkHere(t *testing.T) {
	for name, c := range map[string]struct {
		function app.FunctionSummary
		want     string
	}{
		"a hub that comes to be": {app.FunctionSummary{On: "readings", Host: "localhost"}, "send readings --count 5"},
		"a hub of elsewhere":     {app.FunctionSummary{On: "readings", Host: "plant.servicebus.windows.net"}, "send my_hub --count 5"},
		"of a disabled function": {app.FunctionSummary{On: "readings (disabled)", Host: "localhost"}, "send my_hub --count 5"},
	} {
		c.function.Trigger = app.TriggerEventHub
		sum := app.Summary{AutoCreate: true, Apps: []app.AppSummary{{Functions: []app.FunctionSummary{c.function}}}}
		if got := suggestions(sum); !slices.Contains(got, c.want) {
			t.Errorf("%s: %q, want among them %q", name, got, c.want)
		}
	}
}
