package amqp

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fullMessage() *Message {
	sequence := uint32(9)
	return &Message{
		Header:                &Header{Durable: true, Priority: 7, TTL: time.Second, FirstAcquirer: true, DeliveryCount: 3},
		DeliveryAnnotations:   Map{{Symbol("x-opt-d"), int64(1)}},
		Annotations:           Map{{Symbol("x-opt-partition-key"), "device-1"}, {Symbol("x-opt-n"), int64(5)}},
		Properties:            &Properties{MessageID: uint64(1), UserID: []byte("me"), To: "to", Subject: "s", ReplyTo: "r", CorrelationID: "c", ContentType: "t/x", ContentEncoding: "e", AbsoluteExpiryTime: millisTime(5), CreationTime: millisTime(6), GroupID: "g", GroupSequence: &sequence, ReplyToGroupID: "rg"},
		ApplicationProperties: Map{{"a", "b"}, {"n", int32(4)}},
		Data:                  [][]byte{[]byte("one"), bytes.Repeat([]byte("two"), 200)},
		Footer:                Map{{Symbol("f"), true}},
	}
}

func encode(t testing.TB, m *Message) []byte {
	t.Helper()
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMessagesRoundTrip(t *testing.T) {
	sequences := fullMessage()
	sequences.Data, sequences.Sequences = nil, [][]any{{"a", int64(1)}, {}}
	value := fullMessage()
	value.Data, value.HasValue, value.Value = nil, true, Map{{"k", []any{uint32(1)}}}
	null := &Message{HasValue: true}
	for name, m := range map[string]*Message{
		"data": fullMessage(), "sequences": sequences, "value": value, "null value": null,
		"empty": {}, "empty properties": {Properties: &Properties{}}, "empty header": {Header: &Header{}},
	} {
		b := encode(t, m)
		back, err := ParseMessage(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if err := CheckMessage(b); err != nil {
			t.Errorf("%s: check: %v", name, err)
		}
	}
	if _, err := (&Message{Properties: &Properties{MessageID: struct{}{}}}).Append(nil); err == nil {
		t.Error("a message id of a foreign type was encoded")
	}
}

func TestScanSections(t *testing.T) {
	b := encode(t, fullMessage())
	var kinds []SectionKind
	var joined []byte
	for it := ScanSections(b); ; {
		if !it.Next() {
			if it.Err() != nil {
				t.Fatal(it.Err())
			}
			break
		}
		kinds = append(kinds, it.Section.Kind)
		joined = append(joined, it.Section.Raw...)
		if !bytes.HasSuffix(it.Section.Raw, it.Section.Body) || len(it.Section.Raw)+len(it.Rest()) != len(b)-len(joined)+len(it.Section.Raw) {
			t.Errorf("section %x: %d bytes, body %d, rest %d", it.Section.Kind, len(it.Section.Raw), len(it.Section.Body), len(it.Rest()))
		}
	}
	want := []SectionKind{0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x75, 0x78}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if !bytes.Equal(joined, b) {
		t.Error("the sections do not add up to the message")
	}
}

func TestRefusesMalformedMessages(t *testing.T) {
	for what, in := range map[string]string{
		"no section":                  "40",
		"not a section":               "005324" + "45",
		"two headers":                 "005370" + "45" + "005370" + "45",
		"properties before header":    "005373" + "45" + "005370" + "45",
		"data after value":            "005377" + "40" + "005375" + "a000",
		"sequence after data":         "005375" + "a000" + "005376" + "45",
		"two values":                  "005377" + "40" + "005377" + "40",
		"cut short":                   "005375" + "a005" + "01",
		"data that is a string":       "005375" + "a10161",
		"annotations that are a list": "005372" + "45",
		"header that is a map":        "005370" + "c10100",
		"descriptor out of range":     "00800000010000000070" + "45",
		"rotten value inside":         "005374" + "c1050256" + "02" + "4040",
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckMessage(b); err == nil {
			t.Errorf("%s: check found nothing wrong", what)
		}
		if m, err := ParseMessage(b); err == nil {
			t.Errorf("%s: parsed as %+v", what, m)
		}
	}
}

func TestRawMaps(t *testing.T) {
	b := encode(t, fullMessage())
	var raw RawMap
	for it := ScanSections(b); it.Next(); {
		if it.Section.Kind == SectionMessageAnnotations {
			var err error
			if raw, err = it.Section.Map(); err != nil {
				t.Fatal(err)
			}
		}
	}
	v, ok := raw.Lookup("x-opt-partition-key")
	if text, isText := TextOf(v); !ok || !isText || string(text) != "device-1" {
		t.Errorf("lookup gave %q, %v", text, ok)
	}
	if _, ok := raw.Lookup("x-opt"); ok {
		t.Error("found a key that is not there")
	}
	if v, ok := raw.Lookup("x-opt-n"); !ok {
		t.Error("second key not found")
	} else if n, _, err := DecodeValue(v); err != nil || n != int64(5) {
		t.Errorf("second key is %v, %v", n, err)
	}

	// Ours after the client's, as a broker delivers.
	extra := AppendLong(AppendSymbol(nil, "x-opt-sequence-number"), 77)
	section := AppendMapSection(nil, SectionMessageAnnotations, raw.Count+2, raw.Pairs, extra)
	m, err := ParseMessage(section)
	if err != nil {
		t.Fatal(err)
	}
	want := append(fullMessage().Annotations, Entry{Symbol("x-opt-sequence-number"), int64(77)})
	if diff := cmp.Diff(want, m.Annotations); diff != "" {
		t.Error(diff)
	}

	broken := RawMap{Pairs: []byte{ctorString8, 200}, Count: 2}
	if _, ok := broken.Next(); ok || broken.Count == 0 {
		t.Errorf("a malformed pair was read, count %d", broken.Count)
	}
	for what, b := range map[string][]byte{"a list": {ctorList0}, "odd": {ctorMap8, 2, 1, ctorNull}, "more after it": {ctorMap8, 1, 0, ctorNull}, "nothing": {}} {
		if _, err := ParseRawMap(b); err == nil {
			t.Errorf("%s passed for a map", what)
		}
	}
}

func TestBatchSections(t *testing.T) {
	var batch []byte
	for i := range 3 {
		batch = AppendDataSection(batch, encode(t, &Message{Data: [][]byte{fmt.Append(nil, i)}}))
	}
	n := 0
	for it := ScanSections(batch); it.Next(); n++ {
		inner, err := it.Section.Binary()
		if err != nil {
			t.Fatal(err)
		}
		m, err := ParseMessage(inner)
		if err != nil || string(m.Data[0]) != fmt.Sprint(n) {
			t.Errorf("message %d: %v, %v", n, m, err)
		}
	}
	if n != 3 {
		t.Errorf("%d messages", n)
	}
}

func TestScanningDoesNotAllocate(t *testing.T) {
	b := encode(t, fullMessage())
	allocs := testing.AllocsPerRun(100, func() {
		for it := ScanSections(b); it.Next(); {
			if it.Section.Kind == SectionMessageAnnotations {
				raw, _ := it.Section.Map()
				raw.Lookup("x-opt-n")
			}
		}
		if err := CheckMessage(b); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// Elements of zero width would let a small message keep us busy for hours, or
// fill the memory, if every section had a budget of its own.
func TestManySectionsShareOneBudget(t *testing.T) {
	section := []byte{
		ctorDescribed, ctorSmallUlong, byte(SectionSequence), ctorList8, 11, 1,
		ctorArray32, 0, 0, 0, 5, 0, 0, 0xff, 0xff, ctorNull,
	}
	if err := CheckMessage(section); err != nil {
		t.Fatalf("one section: %v", err)
	}
	b := bytes.Repeat(section, 50_000)
	if err := CheckMessage(b); err == nil {
		t.Error("3 billion values passed the check")
	}
	if _, err := ParseMessage(b); err == nil {
		t.Error("3 billion values were parsed")
	}
}
