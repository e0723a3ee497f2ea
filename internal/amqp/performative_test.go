package amqp

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var (
	someText    = rapid.StringMatching(`[ -~]{0,40}`)
	someSymbol  = rapid.Map(rapid.StringMatching(`[a-z:-]{1,20}`), func(s string) Symbol { return Symbol(s) })
	someSymbols = rapid.Map(rapid.SliceOfN(someSymbol, 0, 3), func(s []Symbol) []Symbol {
		if len(s) == 0 {
			return nil
		}
		return s
	})
	someMap = rapid.Map(rapid.SliceOfN(someText, 0, 3), func(keys []string) Map {
		var m Map
		for i, k := range keys {
			m = append(m, Entry{Symbol(k), int64(i)})
		}
		return m
	})
	someError = rapid.Custom(func(t *rapid.T) *Error {
		if rapid.Bool().Draw(t, "none") {
			return nil
		}
		return &Error{Condition: someSymbol.Draw(t, "condition"), Description: someText.Draw(t, "description"), Info: someMap.Draw(t, "info")}
	})
)

func drawSource(t *rapid.T) *Source {
	return &Source{
		Address:               someText.Draw(t, "address"),
		Durable:               rapid.Uint32().Draw(t, "durable"),
		ExpiryPolicy:          someSymbol.Draw(t, "expiry"),
		Timeout:               rapid.Uint32().Draw(t, "timeout"),
		Dynamic:               rapid.Bool().Draw(t, "dynamic"),
		DynamicNodeProperties: someMap.Draw(t, "node"),
		DistributionMode:      someSymbol.Draw(t, "mode"),
		Filter:                Map{{Symbol("f"), Described{uint64(0x468C00000004), someText.Draw(t, "filter")}}},
		DefaultOutcome:        Described{uint64(descReleased), []any{}},
		Outcomes:              someSymbols.Draw(t, "outcomes"),
		Capabilities:          someSymbols.Draw(t, "capabilities"),
	}
}

func drawTarget(t *rapid.T) *Target {
	return &Target{
		Address:      someText.Draw(t, "address"),
		Durable:      rapid.Uint32().Draw(t, "durable"),
		ExpiryPolicy: someSymbol.Draw(t, "expiry"),
		Timeout:      rapid.Uint32().Draw(t, "timeout"),
		Dynamic:      rapid.Bool().Draw(t, "dynamic"),
		Capabilities: someSymbols.Draw(t, "capabilities"),
	}
}

// roundTrip encodes p, decodes it and demands the same, plus as many fields
// in the list as the protocol lists.
func roundTrip[P any](t *rapid.T, p P, fieldCount int, body func([]byte) []byte, decode func(*decoder) P) {
	b := body(nil)
	if n := listLength(t, b); n != fieldCount {
		t.Fatalf("%T has %d fields on the wire and not %d", p, n, fieldCount)
	}
	d := newDecoder(b)
	d.performative()
	back := decode(&d)
	if d.err != nil || len(d.b) != 0 {
		t.Fatalf("%T: %v, %d bytes left of %x", p, d.err, len(d.b), b)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Fatalf("%T:\n%s", p, diff)
	}
}

func listLength(t *rapid.T, b []byte) int {
	switch b[3] {
	case ctorList8:
		return int(b[5])
	case ctorList32:
		return int(binary.BigEndian.Uint32(b[8:]))
	}
	t.Fatalf("not a list: %x", b)
	return 0
}

func TestPerformativesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flag, number, text := rapid.Bool(), rapid.Uint32(), someText
		o := Open{
			ContainerID: text.Draw(t, "container"), Hostname: text.Draw(t, "host"), MaxFrameSize: number.Draw(t, "size"),
			ChannelMax: rapid.Uint16().Draw(t, "channels"), IdleTimeout: time.Duration(number.Draw(t, "idle")) * time.Millisecond,
			OutgoingLocales: someSymbols.Draw(t, "out"), IncomingLocales: someSymbols.Draw(t, "in"),
			OfferedCapabilities: someSymbols.Draw(t, "offered"), DesiredCapabilities: someSymbols.Draw(t, "desired"), Properties: someMap.Draw(t, "properties"),
		}
		roundTrip(t, o, 10, o.append, decodeOpen)

		b := begin{
			HasRemoteChannel: flag.Draw(t, "answer"), NextOutgoingID: number.Draw(t, "next"), IncomingWindow: number.Draw(t, "in"),
			OutgoingWindow: number.Draw(t, "out"), HandleMax: number.Draw(t, "max"), Properties: someMap.Draw(t, "properties"),
		}
		if b.HasRemoteChannel {
			b.RemoteChannel = rapid.Uint16().Draw(t, "channel")
		}
		roundTrip(t, b, 8, b.append, decodeBegin)

		a := Attach{
			Name: text.Draw(t, "name"), Handle: number.Draw(t, "handle"), Role: Role(flag.Draw(t, "role")),
			SndSettleMode: SenderSettleMode(rapid.Uint8Range(0, 2).Draw(t, "snd")), RcvSettleMode: ReceiverSettleMode(rapid.Uint8Range(0, 1).Draw(t, "rcv")),
			MaxMessageSize:      rapid.Uint64().Draw(t, "max"),
			OfferedCapabilities: someSymbols.Draw(t, "offered"), DesiredCapabilities: someSymbols.Draw(t, "desired"), Properties: someMap.Draw(t, "properties"),
		}
		if a.Role == RoleSender {
			a.InitialDeliveryCount = number.Draw(t, "count")
		}
		if flag.Draw(t, "with source") {
			a.Source = drawSource(t)
		}
		if flag.Draw(t, "with target") {
			a.Target = drawTarget(t)
		}
		roundTrip(t, a, 14, a.append, decodeAttach)

		f := flow{
			HasNextIncomingID: true, NextIncomingID: number.Draw(t, "next in"), IncomingWindow: number.Draw(t, "in"),
			NextOutgoingID: number.Draw(t, "next out"), OutgoingWindow: number.Draw(t, "out"),
			Drain: flag.Draw(t, "drain"), Echo: flag.Draw(t, "echo"), Properties: someMap.Draw(t, "properties"),
		}
		if flag.Draw(t, "with link") {
			f.HasHandle, f.HasDeliveryCount, f.HasLinkCredit = true, true, true
			f.Handle, f.DeliveryCount, f.LinkCredit, f.Available = number.Draw(t, "handle"), number.Draw(t, "count"), number.Draw(t, "credit"), number.Draw(t, "available")
		}
		roundTrip(t, f, 11, f.append, decodeFlow)

		x := transfer{
			Handle: number.Draw(t, "handle"), HasSettled: true, Settled: flag.Draw(t, "settled"), More: flag.Draw(t, "more"),
			Resume: flag.Draw(t, "resume"), Aborted: flag.Draw(t, "aborted"), Batchable: flag.Draw(t, "batchable"),
		}
		if flag.Draw(t, "first") {
			x.HasDeliveryID, x.DeliveryID = true, number.Draw(t, "id")
			x.DeliveryTag = rapid.SliceOfN(rapid.Byte(), 0, maxTag).Draw(t, "tag")
			x.HasMessageFormat, x.MessageFormat = true, number.Draw(t, "format")
		}
		roundTrip(t, x, 11, x.append, decodeTransfer)

		p := disposition{Role: Role(flag.Draw(t, "role")), First: number.Draw(t, "first"), Last: number.Draw(t, "last"), Settled: flag.Draw(t, "settled")}
		switch p.State.Kind = OutcomeKind(rapid.Uint8Range(0, uint8(OutcomeModified)).Draw(t, "outcome")); p.State.Kind {
		case OutcomeRejected:
			p.State.Error = someError.Draw(t, "error")
		case OutcomeModified:
			p.State.DeliveryFailed, p.State.UndeliverableHere, p.State.Annotations = flag.Draw(t, "failed"), flag.Draw(t, "here"), someMap.Draw(t, "annotations")
		}
		roundTrip(t, p, 6, p.append, decodeDisposition)

		h := detach{Handle: number.Draw(t, "handle"), Closed: flag.Draw(t, "closed"), Error: someError.Draw(t, "error")}
		roundTrip(t, h, 3, h.append, decodeDetach)
		e := end{Error: someError.Draw(t, "error")}
		roundTrip(t, e, 1, e.append, decodeEnd)
		c := closing{Error: someError.Draw(t, "error")}
		roundTrip(t, c, 1, c.append, decodeClose)
	})
}

// A peer may write descriptors as symbols, leave out trailing fields, and
// send more fields than we know.
func TestPerformativeForms(t *testing.T) {
	begins := func(descriptor Value, list ...any) (begin, error) {
		b, err := AppendValue(nil, Described{descriptor, append([]any{}, list...)})
		if err != nil {
			t.Fatal(err)
		}
		d := newDecoder(b)
		if code := d.performative(); d.err == nil && code != descBegin {
			t.Fatalf("descriptor read as 0x%02x", code)
		}
		p := decodeBegin(&d)
		return p, d.err
	}
	want := begin{NextOutgoingID: 1, IncomingWindow: 2, OutgoingWindow: 3, HandleMax: maxUint32}
	for what, in := range map[string]struct {
		descriptor Value
		list       []any
	}{
		"short list":       {uint64(descBegin), []any{nil, uint32(1), uint32(2), uint32(3)}},
		"symbolic":         {Symbol("amqp:begin:list"), []any{nil, uint32(1), uint32(2), uint32(3), nil}},
		"empty properties": {uint64(descBegin), []any{nil, uint32(1), uint32(2), uint32(3), nil, nil, nil, Map{}}},
		"fields of future": {uint64(descBegin), []any{nil, uint32(1), uint32(2), uint32(3), nil, nil, nil, nil, "new", []any{"newer"}}},
	} {
		got, err := begins(in.descriptor, in.list...)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		got.Properties = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	for what, list := range map[string][]any{
		"mandatory field missing": {nil, uint32(1), uint32(2)},
		"mandatory field null":    {nil, nil, uint32(2), uint32(3)},
		"wrong type":              {nil, "1", uint32(2), uint32(3)},
		"wrong integer type":      {nil, int32(1), uint32(2), uint32(3)},
	} {
		if _, err := begins(uint64(descBegin), list...); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

func TestFrameHeaders(t *testing.T) {
	for what, b := range map[string][]byte{
		"smaller than itself":   {0, 0, 0, 7, 2, 0, 0, 0},
		"larger than allowed":   {0, 0, 4, 1, 2, 0, 0, 0},
		"offset into header":    {0, 0, 0, 8, 1, 0, 0, 0},
		"offset beyond the end": {0, 0, 0, 8, 3, 0, 0, 0},
		"unknown type":          {0, 0, 0, 8, 2, 2, 0, 0},
	} {
		if h, err := parseFrameHeader(b, 1024); err == nil {
			t.Errorf("%s: accepted as %+v", what, h)
		}
	}
	h, err := parseFrameHeader([]byte{0, 0, 4, 0, 3, 1, 0x12, 0x34}, 1024)
	if err != nil || h != (frameHeader{size: 1024, skip: 12, kind: 1, channel: 0x1234}) {
		t.Errorf("got %+v, %v", h, err)
	}
}

func TestBuffersRecycle(t *testing.T) {
	var pool buffers
	for _, n := range []int{0, 1, 511, 512, 513, 1 << 20, 1<<24 + 1} {
		b := pool.get(n)
		if len(b.b) != 0 || cap(b.b) < n {
			t.Errorf("get(%d): length %d, capacity %d", n, len(b.b), cap(b.b))
		}
		pool.put(b)
	}
	b := pool.get(100)
	b.b = append(b.b, "content"...)
	b = pool.grow(b, 100_000)
	if !bytes.Equal(b.b, []byte("content")) || cap(b.b) < 100_007 {
		t.Errorf("grow: %q with capacity %d", b.b, cap(b.b))
	}
}
