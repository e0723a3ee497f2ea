package host

import (
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// The rows of the kind that is the host's own: requests have no source that
// could be opened, since the HTTP front hands them to ServeFunction.

// TitleHTTP is the HTTP trigger in words.
const TitleHTTP = "HTTP"

// httpKind is the row of httpTrigger.
func httpKind() trigger.Kind {
	return trigger.Kind{
		Type: "httpTrigger", Title: TitleHTTP, NoLetters: "the caller is told of the failure, and has the request",
		New: func(s trigger.Setup) (trigger.Trigger, error) { return newHTTPTrigger(s.Function, s.Binding), nil },
	}
}

// httpOutputKind is the row of the http output binding: the response.
func httpOutputKind() output.Kind { return output.Kind{Type: "http"} }

// HTTPTrigger is what an HTTP trigger declares.
type HTTPTrigger struct {
	Route     string   // without the prefix; the function's name when none is declared
	Methods   []string // upper case; empty means all
	AuthLevel string   // lower case: anonymous, function, admin or system
}

func newHTTPTrigger(function string, b *binding.Binding) *HTTPTrigger {
	t := &HTTPTrigger{Route: b.Text("route"), AuthLevel: strings.ToLower(b.Text("authLevel"))}
	if t.Route == "" {
		t.Route = function
	}
	if t.AuthLevel == "" {
		t.AuthLevel = "function" // as in Azure
	}
	for _, m := range b.Texts("methods") {
		t.Methods = append(t.Methods, strings.ToUpper(m))
	}
	return t
}

// Source is the route.
func (t *HTTPTrigger) Source() trigger.Source { return trigger.Source{Target: t.Route} }

// ByHand makes a request with the text as its body.
func (t *HTTPTrigger) ByHand(input string, _ time.Time) (trigger.Call, error) {
	in := httpByHand(t, input)
	return trigger.Call{Data: in.typedData, Values: in.value, Items: 1}, nil
}
