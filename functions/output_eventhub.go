package functions

import "context"

// EventHubOutput is an event hub that functions send events to, with
// [EventHubOutput.Send].
type EventHubOutput struct {
	// Hub is the hub's name. It may be a setting in percent signs, and have
	// {placeholders} of the trigger.
	Hub string

	// Connection names the app setting that says how to reach the namespace:
	// "EventHubConnection" when empty.
	Connection string

	// PartitionKey says where in each event the partition key stands: the path
	// of a text, such as "/plantId". Events of one key stay in order. Every
	// event must have it; one that has not fails the invocation.
	//
	// This is Lazuli's own: Azure's output binding gives plain values no
	// partition key, and ignores the declaration. Where order matters on Azure
	// too, send with the azeventhubs package instead.
	PartitionKey string
}

// Send hands events to the hub on behalf of the invocation that ctx belongs to.
// A value is one event: its JSON is the event's body, except that a string is
// its own text. A [Document], a [encoding/json.RawMessage] or a []byte is taken
// as the JSON of one.
//
// See the package's section on outputs for when events are sent, and which
// errors there are.
func (o *EventHubOutput) Send(ctx context.Context, events ...any) error {
	return emit(ctx, o, "EventHubOutput.Send", events)
}

// String is "hub NAME".
func (o *EventHubOutput) String() string { return "hub " + o.Hub }

func (o *EventHubOutput) collect() collection { return &jsonList{noun: "event"} }

func (o *EventHubOutput) problems() []string {
	var out []string
	if o.Hub == "" {
		out = append(out, "EventHubOutput needs Hub")
	}
	if o.PartitionKey != "" && !isPath(o.PartitionKey) {
		out = append(out, "EventHubOutput.PartitionKey "+quote(o.PartitionKey)+": give a path such as /deviceId")
	}
	return out
}

type eventHubOutputBinding struct {
	Name             string `json:"name"`
	Type             string `json:"type"`
	Direction        string `json:"direction"`
	EventHubName     string `json:"eventHubName"`
	Connection       string `json:"connection"`
	PartitionKeyPath string `json:"partitionKeyPath,omitempty"`
}

func (o *EventHubOutput) binding(name string) any {
	return eventHubOutputBinding{
		Name: name, Type: "eventHub", Direction: "out",
		EventHubName: o.Hub, Connection: or(o.Connection, defaultHubs), PartitionKeyPath: o.PartitionKey,
	}
}
