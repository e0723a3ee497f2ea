package functions

// EventHubOutputOption configures an [EventHubOutput].
type EventHubOutputOption interface{ applyEventHubOutput(*Output) }

type eventHubOutputOption func(*Output)

func (o eventHubOutputOption) applyEventHubOutput(out *Output) { o(out) }

func (o ConnectionOption) applyEventHubOutput(out *Output) { out.connection = o.setting }

// EventHubOutput is an event hub that functions send events to, with
// [Output.Add]. The host sends them when the handler has returned without an
// error, and fails the invocation when it cannot. The name may be a setting in
// percent signs.
//
// A value is one event: its JSON is the event's body, except that a string is
// its own text. A [json.RawMessage] or []byte is taken as the JSON of one.
func EventHubOutput(hub string, opts ...EventHubOutputOption) *Output {
	o := &Output{hub: hub, toHub: true}
	for _, opt := range opts {
		opt.applyEventHubOutput(o)
	}
	return o
}

// PartitionKey says where in each event the partition key stands: the path of
// a text, such as "/plantId". Events of one key stay in order. Every event
// must have it; one that has not fails the invocation.
//
// This is Lazuli's own: Azure's output binding gives plain values no partition
// key, and ignores the declaration. Where order matters on Azure too, send
// with the azeventhubs package instead.
func PartitionKey(path string) EventHubOutputOption {
	return eventHubOutputOption(func(o *Output) { o.keyPath, o.keyed = path, true })
}

type eventHubOutputBinding struct {
	Name             string `json:"name"`
	Type             string `json:"type"`
	Direction        string `json:"direction"`
	EventHubName     string `json:"eventHubName"`
	Connection       string `json:"connection"`
	PartitionKeyPath string `json:"partitionKeyPath,omitempty"`
}

func (o *Output) hubBinding(name string) any {
	return eventHubOutputBinding{
		Name: name, Type: "eventHub", Direction: "out",
		EventHubName: o.hub, Connection: o.connection, PartitionKeyPath: o.keyPath,
	}
}

func (o *Output) hubProblems() []string {
	var out []string
	if o.hub == "" {
		out = append(out, "EventHubOutput needs the name of a hub")
	}
	if o.connection == "" {
		out = append(out, "EventHubOutput needs Connection(setting), the app setting with the connection string")
	}
	if o.keyed && (len(o.keyPath) < 2 || o.keyPath[0] != '/') {
		out = append(out, "PartitionKey("+quote(o.keyPath)+"): give a path such as /deviceId")
	}
	return out
}
