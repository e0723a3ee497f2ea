package letter

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestRoundTrip: what is kept comes back as it was, bytes that are no text included.
func TestRoundTrip(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
	for name, l := range map[string]*Letter{
		"event": {
			ID: "i", Function: "store", Trigger: "eventHubTrigger", Source: "event hub readings, group $Default",
			Error: Failure{Type: "ValueError", Message: "no <temperature> & \"such\"", Stack: "a\nb"}, Attempts: 4, Redrives: 2, Time: at,
			Item: Item{
				Body: []byte(`{"전력":1,"x":"<&>\u2028"}`), Properties: json.RawMessage(`{"a":1}`), SystemProperties: json.RawMessage(`{"message-id":"m"}`),
				Partition: "3", Offset: "4096", SequenceNumber: 0, PartitionKey: "k", At: at,
			},
		},
		"bytes":   {ID: "b", Function: "f", Time: at, Item: Item{Body: []byte{0xff, 0, 1}, MessageID: "m", DequeueCount: 5, Expires: at}},
		"nothing": {ID: "n", Function: "f", Time: at, Item: Item{Body: []byte{}}},
		"note":    {ID: "n", Function: "f", Time: at, Blob: "f/x.json"},
	} {
		text, err := l.Encode()
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := Decode(text)
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(l, got); diff != "" {
			t.Errorf("%s: %s\n%s", name, text, diff)
		}
	}
}

// TestNoLetter: what is none is refused.
func TestNoLetter(t *testing.T) {
	for _, text := range []string{
		"", "x", "[]", "{}", `{"deadLetter":2,"function":"f"}`, `{"deadLetter":1}`,
		`{"deadLetter":1,"function":"f","time":"soon"}`, `{"deadLetter":1,"function":"f","bodyBase64":"!"}`,
	} {
		if l, err := Decode([]byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v, %v", text, l, err)
		}
	}
}

// FuzzDecode: no text makes it fail, and what it takes is written and read the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"deadLetter":1,"function":"f","body":"x","time":"2026-01-02T03:04:05Z","properties":{"a":1}}`))
	f.Add([]byte(`{"deadLetter":1,"function":"f","bodyBase64":"/w==","sequenceNumber":7,"partition":"0"}`))
	f.Add([]byte(`{"deadLetter":1,"function":"f","properties":null,"systemProperties":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Decode(text)
		if err != nil {
			return
		}
		again, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if !bytes.Equal(l.Item.Body, back.Item.Body) || l.Function != back.Function || !l.Time.Equal(back.Time) || l.Attempts != back.Attempts {
			t.Errorf("%+v became %+v", l, back)
		}
	})
}
