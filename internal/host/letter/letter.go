// Package letter is what is kept of events and messages that a function failed on:
// dead letters.
//
// The one idea: a letter is one JSON object, the same in a queue, a hub and a
// container, that holds all that is needed to run the function for the item again and
// to find out why it failed. A place that keeps letters is a [Store]; the kinds of
// places live with their services, in internal/end/NAME.
package letter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Letter is one item that a function failed on.
type Letter struct {
	ID       string
	Function string
	Trigger  string // type of the binding, such as eventHubTrigger
	Source   string // in words: event hub readings, group $Default
	Item     Item
	Error    Failure
	Attempts int // how often the function ran for it
	Redrives int // how often it was sent again, in vain
	Time     time.Time

	// Blob is where the letter is, when this is only a note of it: see [Store].
	Blob string
	// Raw is set for a message that somebody else put where letters are, as Azure's
	// host does into a poison queue: all that is known is its body.
	Raw bool
}

// Item is what a trigger says of one event, document or message.
type Item struct {
	Body             []byte          // as it came
	Properties       json.RawMessage // the sender's, a JSON object, or nil
	SystemProperties json.RawMessage // the service's, a JSON object, or nil

	Partition      string // of an event, with Offset and SequenceNumber
	Offset         string
	SequenceNumber int64
	PartitionKey   string
	MessageID      string    // of a message or a blob's state
	At             time.Time // when it was enqueued or written; zero: not known
	Expires        time.Time
	DequeueCount   int
}

// Failure is why the function failed.
type Failure struct {
	Type    string `json:"type,omitempty"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// Version is what the field deadLetter of an encoded letter holds.
const Version = 1

// encoded is a letter as it is kept.
type encoded struct {
	DeadLetter int       `json:"deadLetter"`
	ID         string    `json:"id"`
	Function   string    `json:"function"`
	Trigger    string    `json:"trigger,omitempty"`
	Source     string    `json:"source,omitempty"`
	Partition  string    `json:"partition,omitempty"`
	Offset     string    `json:"offset,omitempty"`
	Sequence   *int64    `json:"sequenceNumber,omitempty"`
	Key        string    `json:"partitionKey,omitempty"`
	MessageID  string    `json:"messageId,omitempty"`
	Dequeued   int       `json:"dequeueCount,omitempty"`
	Enqueued   string    `json:"enqueuedTime,omitempty"`
	Expires    string    `json:"expirationTime,omitempty"`
	Error      Failure   `json:"error"`
	Attempts   int       `json:"attempts"`
	Redrives   int       `json:"redrives"`
	Time       string    `json:"time"`
	Blob       string    `json:"blob,omitempty"`
	Properties rawObject `json:"properties,omitempty"`
	System     rawObject `json:"systemProperties,omitempty"`
	Body       *string   `json:"body,omitempty"`
	BodyBase64 *string   `json:"bodyBase64,omitempty"`
}

// rawObject is a JSON object, or nothing.
type rawObject = json.RawMessage

// Encode writes a letter:
//
//	{"deadLetter": 1, "id": …, "function": …, "trigger": …, "source": …,
//	 "partition": …, "offset": …, "sequenceNumber": …, "partitionKey": …, "messageId": …,
//	 "error": {"type": …, "message": …, "stack": …}, "attempts": 4, "redrives": 0, "time": …,
//	 "properties": {…}, "systemProperties": {…},
//	 "body": TEXT, or "bodyBase64": bytes that are no text}
//
// Times are RFC 3339 in UTC. Fields that are empty are left out.
func (l *Letter) Encode() ([]byte, error) {
	i := &l.Item
	e := encoded{
		DeadLetter: Version, ID: l.ID, Function: l.Function, Trigger: l.Trigger, Source: l.Source,
		Partition: i.Partition, Offset: i.Offset, Key: i.PartitionKey, MessageID: i.MessageID, Dequeued: i.DequeueCount,
		Enqueued: moment(i.At), Expires: moment(i.Expires),
		Error: l.Error, Attempts: l.Attempts, Redrives: l.Redrives, Time: moment(l.Time), Blob: l.Blob,
		Properties: i.Properties, System: i.SystemProperties,
	}
	if i.Partition != "" {
		e.Sequence = &i.SequenceNumber
	}
	switch {
	case l.Blob != "":
	case utf8.Valid(i.Body):
		text := string(i.Body)
		e.Body = &text
	default:
		text := base64.StdEncoding.EncodeToString(i.Body)
		e.BodyBase64 = &text
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "dead letter "+l.ID, err, "cannot be written")
	}
	return text, nil
}

// Decode reads a letter. What is none is fault.Invalid.
func Decode(text []byte) (*Letter, error) {
	var e encoded
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fault.Wrap(fault.Invalid, "dead letter", err, "it is no JSON object")
	}
	if e.DeadLetter != Version || e.Function == "" {
		return nil, fault.New(fault.Invalid, "dead letter", `it has no "deadLetter": %d with a "function"`, Version)
	}
	l := &Letter{
		ID: e.ID, Function: e.Function, Trigger: e.Trigger, Source: e.Source,
		Error: e.Error, Attempts: e.Attempts, Redrives: e.Redrives, Blob: e.Blob,
		Item: Item{
			Partition: e.Partition, Offset: e.Offset, PartitionKey: e.Key, MessageID: e.MessageID, DequeueCount: e.Dequeued,
			Properties: object(e.Properties), SystemProperties: object(e.System),
		},
	}
	if e.Sequence != nil {
		l.Item.SequenceNumber = *e.Sequence
	}
	for text, at := range map[*string]*time.Time{&e.Time: &l.Time, &e.Enqueued: &l.Item.At, &e.Expires: &l.Item.Expires} {
		if *text == "" {
			continue
		}
		var err error
		if *at, err = time.Parse(time.RFC3339Nano, *text); err != nil {
			return nil, fault.New(fault.Invalid, "dead letter "+e.ID, "%q is no time", *text)
		}
	}
	switch {
	case e.Body != nil:
		l.Item.Body = []byte(*e.Body)
	case e.BodyBase64 != nil:
		var err error
		if l.Item.Body, err = base64.StdEncoding.DecodeString(*e.BodyBase64); err != nil {
			return nil, fault.Wrap(fault.Invalid, "dead letter "+e.ID, err, "bodyBase64")
		}
	}
	return l, nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// object is the text when it is a JSON object with something in it.
func object(raw json.RawMessage) json.RawMessage {
	if s := strings.TrimSpace(string(raw)); s == "" || s[0] != '{' {
		return nil
	}
	return raw
}

// Verdict is what becomes of a letter that was looked at: it stays, unless it is Gone;
// Instead takes its place then, where it is not nil. Then, where it is not nil, is called
// once it is gone durably.
type Verdict struct {
	Gone    bool
	Instead *Letter
	Then    func(context.Context) error
}

// Ended calls Then.
func (v Verdict) Ended(ctx context.Context) error {
	if v.Then == nil {
		return nil
	}
	return v.Then(ctx)
}

// Store keeps letters in one place, which others may use for theirs. It is safe for
// concurrent use.
type Store interface {
	// Put keeps letters. They are durable on return; after an error some may be.
	Put(ctx context.Context, letters []*Letter) error
	// Walk shows the letters that are there when it begins to see, one after the
	// other, and does with each what it is told. An error of see ends the walk, and
	// that letter stays. What is there and is no letter is passed over, or shown as
	// a raw one.
	Walk(ctx context.Context, see func(context.Context, *Letter) (Verdict, error)) error
	// Most is how many bytes an encoded letter may have here; 0: any number.
	Most() int
	// Count is how many letters are there, about, of all functions; -1 where that is
	// not known without a walk.
	Count(ctx context.Context) (int, error)
}

// BlobName is the blob in which a container keeps a letter. Names of a function are in
// the order of their times.
func BlobName(l *Letter) string {
	return l.Function + "/" + l.Time.UTC().Format("2006/01/02/150405.000000000-") + l.ID + ".json"
}

// Single is a Store in which single letters are found by their BlobName.
type Single interface {
	Store
	Read(ctx context.Context, blob string) (*Letter, error)
	Delete(ctx context.Context, blob string) error
}

// Read returns one letter of a store, by its BlobName.
func Read(ctx context.Context, s Store, blob string) (*Letter, error) {
	single, err := asSingle(s)
	if err != nil {
		return nil, err
	}
	return single.Read(ctx, blob)
}

// Delete deletes one letter of a store, by its BlobName. One that is gone is no error.
func Delete(ctx context.Context, s Store, blob string) error {
	single, err := asSingle(s)
	if err != nil {
		return err
	}
	if err := single.Delete(ctx, blob); !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

func asSingle(s Store) (Single, error) {
	single, ok := s.(Single)
	if !ok {
		return nil, fault.New(fault.Internal, "dead letters", "they are not found by name here")
	}
	return single, nil
}
