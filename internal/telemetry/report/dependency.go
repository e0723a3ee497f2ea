package report

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

// dependencyKind is how Azure's clients report a call: name is of the operation, or with
// %s of the place.
type dependencyKind struct{ typ, name string }

// dependencyKinds are the calls of output bindings, by the binding's type in lower case.
var dependencyKinds = map[string]dependencyKind{
	"eventhub":   {"Azure Event Hubs", "EventHubProducerClient.Send"},
	"cosmosdb":   {"Microsoft.DocumentDB", "UpsertItemAsync"},
	"queue":      {"Azure queue", "POST %s"},
	"blob":       {"Azure blob", "PUT %s"},
	"table":      {"Azure table", "POST %s"},
	"servicebus": {"Azure Service Bus", "ServiceBusSender.Send"},
	"kafka":      {"kafka", "send %s"},
}

// wroteOutput is a result that an output binding has taken to its service.
func (r *runs) wroteOutput(e host.OutputWritten) {
	r.mu.Lock()
	begun := r.running[e.ID]
	r.mu.Unlock()
	kind, known := dependencyKinds[strings.ToLower(e.Type)]
	if !known {
		kind = dependencyKind{e.Type, "%s"}
	}
	name := kind.name
	if strings.Contains(name, "%s") {
		name = fmt.Sprintf(name, e.Place.Target)
	}
	i := r.base(begun, e.Function)
	i.Time = e.At
	i.Body = &item.Dependency{
		ID: tracecontext.Span(e.TraceParent), Name: name, Kind: kind.typ, Target: e.Place.Host + "/" + e.Place.Target,
		Success: e.Err == nil, ResultCode: "0", Duration: e.Duration,
	}
	i.Properties = []item.Property{
		{Name: "Category", Value: "Host.Bindings"},
		{Name: "InvocationId", Value: e.ID},
		{Name: "Binding", Value: e.Binding},
		{Name: "ProcessId", Value: r.process},
		{Name: "HostInstanceId", Value: r.Instance},
	}
	if e.Err != nil {
		i.Properties = append(i.Properties, item.Property{Name: "Error", Value: e.Err.Error()})
	}
	if n := e.Written.Documents + e.Written.Events; n > 0 {
		i.Measurements = []item.Measurement{{Name: "Items", Value: float64(n)}}
	}
	r.Put(i)
}
