package eventhubs

import (
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestParseSelector(t *testing.T) {
	ms := func(n int64) time.Time { return time.UnixMilli(n).UTC() }
	for text, want := range map[string]Selector{
		"amqp.annotation.x-opt-offset > '-1'":                     {Field: ByOffset, Start: true},
		"amqp.annotation.x-opt-offset > '@latest'":                {Field: ByOffset, Latest: true},
		"amqp.annotation.x-opt-offset >= '@latest'":               {Field: ByOffset, Latest: true, Inclusive: true},
		"amqp.annotation.x-opt-offset > '4096'":                   {Field: ByOffset, Offset: "4096"},
		"amqp.annotation.x-opt-offset>='0'":                       {Field: ByOffset, Offset: "0", Inclusive: true},
		"amqp.annotation.x-opt-sequence-number > '17'":            {Field: BySequence, Sequence: 17},
		"  amqp.annotation.X-OPT-Sequence-Number  >=  17 ":        {Field: BySequence, Sequence: 17, Inclusive: true},
		"amqp.annotation.x-opt-sequence-number > '-1'":            {Field: BySequence, Start: true},
		"amqp.annotation.x-opt-enqueued-time > '1700000000123'":   {Field: ByEnqueuedTime, Time: ms(1700000000123)},
		"amqp.annotation.x-opt-enqueued-time > '-62135596800000'": {Field: ByEnqueuedTime, Start: true},
	} {
		got, err := ParseSelector(text)
		if err != nil || got != want {
			t.Errorf("%s\n got %+v\nwant %+v\nerror %v", text, got, want, err)
		}
	}
}

func TestParseSelectorRefusesWithPosition(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "(position 1)",
		"offset > '1'":                         "'offset' is not one of",
		"amqp.annotation.received-time > '1'":  "'amqp.annotation.received-time' is not one of",
		"amqp.annotation.x-opt-offset":         "must be > or >= (position 29)",
		"amqp.annotation.x-opt-offset < '1'":   "must be > or >= (position 30)",
		"amqp.annotation.x-opt-offset = '1'":   "must be > or >= (position 30)",
		"amqp.annotation.x-opt-offset > '1":    "does not end (position 32)",
		"amqp.annotation.x-opt-offset > 'one'": "'one' is not a whole number, -1 or @latest (position 32)",
		"amqp.annotation.x-opt-offset > ''":    "'' is not a whole number",
		"amqp.annotation.x-opt-offset > '-2'":  "negative (position 32)",
		"amqp.annotation.x-opt-offset > '1' AND amqp.annotation.x-opt-offset > '2'": "only one comparison is supported (position 36)",
		"amqp.annotation.x-opt-offset > '" + strings.Repeat("9", 30) + "'":          "is not a whole number",
		strings.Repeat(" ", maxSelectorBytes+1):                                     "longer than",
	} {
		_, err := ParseSelector(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q\nerror %v\n want %q", clip(text), err, want)
		}
	}
}

func FuzzSelectorFilter(f *testing.F) {
	f.Add("amqp.annotation.x-opt-offset > '-1'")
	f.Add("amqp.annotation.x-opt-sequence-number >= '12'")
	f.Add("amqp.annotation.x-opt-enqueued-time > '9223372036854775807'")
	f.Add("amqp.annotation.x-opt-offset > '@latest")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSelector(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if s.Field == 0 || s.Sequence < 0 || (s.Latest && s.Start) {
			t.Fatalf("%q: %+v", text, s)
		}
		if _, err := s.position(); err != nil {
			t.Fatalf("%q has no position: %v", text, err)
		}
	})
}
