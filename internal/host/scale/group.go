package scale

// GroupApp is the group of all functions, in plans that scale an app as a whole.
const GroupApp = "app"

// The groups of a plan that scales functions alone: HTTP, blob and durable functions
// scale together each, every other function by itself.
//
// Source: Azure's "Event-driven scaling", per-function scaling. The names are those of
// the setting of always-ready instances.
const (
	GroupHTTP    = "http"
	GroupBlob    = "blob"
	GroupDurable = "durable"
	// GroupFunction begins the name of a function's own group.
	GroupFunction = "function:"
)

// durable are the kinds of Durable Functions.
var durable = map[Kind]bool{"orchestrationTrigger": true, "activityTrigger": true, "entityTrigger": true}

// GroupOf is the group in which a function scales.
func (p *Plan) GroupOf(k Kind, function string) string {
	switch {
	case !p.PerFunction:
		return GroupApp
	case k == HTTP:
		return GroupHTTP
	case k == Blob:
		return GroupBlob
	case durable[k]:
		return GroupDurable
	}
	return GroupFunction + function
}
