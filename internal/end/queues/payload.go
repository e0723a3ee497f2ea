package queues

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// timeLayout is how workers read times fastest: UTC in whole seconds, which is all
// that the service tells.
const timeLayout = "2006-01-02T15:04:05+00:00"

// never is the time of a message that does not expire, as the service tells it.
var never = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// call makes the invocation for a message. A JSON object's properties are offered to
// the expressions of other bindings, and to workers as metadata.
func call(queue string, m *Message, body []byte, dataType binding.DataType) trigger.Call {
	text := strings.ToValidUTF8(string(body), "\uFFFD") // protobuf refuses any other
	data := trigger.Text(text)
	if dataType == binding.Binary || dataType == binding.Stream {
		data = trigger.Bytes(body)
	}
	values := map[string]string{
		"DequeueCount": strconv.Itoa(m.Dequeued), "Id": m.ID, "PopReceipt": m.Receipt, "QueueTrigger": text,
		"ExpirationTime": moment(m.Expires), "InsertionTime": moment(m.Inserted), "NextVisibleTime": moment(m.Visible),
	}
	metadata := make(map[string]*funcrpc.TypedData, len(values))
	for name, v := range values {
		switch name {
		case "DequeueCount":
			metadata[name] = trigger.JSON(v)
		case "ExpirationTime", "InsertionTime", "NextVisibleTime":
			metadata[name] = trigger.JSON(`"` + v + `"`)
		default:
			metadata[name] = trigger.Text(v)
		}
	}
	trigger.ExpandPayload(metadata, body)
	return trigger.Call{
		Reason: fmt.Sprintf("New queue message detected on '%s'.", queue), Items: 1,
		Details:  fmt.Sprintf("MessageId: %s, DequeueCount: %d, InsertedOn: %s", m.ID, m.Dequeued, m.Inserted.UTC().Format("2006-01-02T15:04:05.000+00:00")),
		Data:     func(worker.Capabilities) *funcrpc.TypedData { return data },
		Metadata: metadata,
		Values: func(name string) (string, bool) {
			if v, ok := trigger.LookupJSON(body, name); ok {
				return v, true
			}
			for n, v := range values {
				if strings.EqualFold(n, name) {
					return v, true
				}
			}
			return "", false
		},
	}
}

func moment(t time.Time) string {
	if t.IsZero() {
		t = never
	}
	return t.UTC().Format(timeLayout)
}
