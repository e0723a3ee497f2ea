package functions

import "context"

// QueueOutput is a storage queue that functions send messages to, with
// [QueueOutput.Send].
type QueueOutput struct {
	// Queue is the queue's name. It may be a setting in percent signs, and
	// have {placeholders} of the trigger.
	Queue string

	// Connection names the app setting that says how to reach the account:
	// "AzureWebJobsStorage" when empty.
	Connection string
}

// Send hands messages to the queue on behalf of the invocation that ctx belongs
// to. A string or a []byte is a message's own text, in UTF-8; of anything else
// the message is the JSON.
//
// See the package's section on outputs for when messages are sent, and which
// errors there are.
func (o *QueueOutput) Send(ctx context.Context, messages ...any) error {
	return emit(ctx, o, "QueueOutput.Send", messages)
}

// String is "queue NAME".
func (o *QueueOutput) String() string { return "queue " + o.Queue }

func (o *QueueOutput) collect() collection {
	return &jsonList{noun: "message", bytesAreText: true}
}

func (o *QueueOutput) problems() []string {
	if o.Queue == "" {
		return []string{"QueueOutput needs Queue"}
	}
	return nil
}

type queueBinding struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Direction  string `json:"direction"`
	QueueName  string `json:"queueName"`
	Connection string `json:"connection"`
	DataType   string `json:"dataType,omitempty"`
}

func (o *QueueOutput) binding(name string) any {
	return queueBinding{Name: name, Type: "queue", Direction: "out", QueueName: o.Queue, Connection: or(o.Connection, defaultStorage)}
}
