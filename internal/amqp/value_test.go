package amqp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The bytes are those of the type definitions in part 1, section 1.6.
var encodings = []struct {
	value Value
	hex   string
}{
	{nil, "40"},
	{true, "41"},
	{false, "42"},
	{uint8(7), "5007"},
	{uint16(0x1234), "601234"},
	{uint32(0), "43"},
	{uint32(255), "52ff"},
	{uint32(256), "7000000100"},
	{uint64(0), "44"},
	{uint64(255), "53ff"},
	{uint64(0x468C00000004), "800000468c00000004"},
	{int8(-1), "51ff"},
	{int16(-2), "61fffe"},
	{int32(-128), "5480"},
	{int32(128), "7100000080"},
	{int64(-1), "55ff"},
	{int64(1 << 40), "810000010000000000"},
	{float32(1), "723f800000"},
	{float64(1), "823ff0000000000000"},
	{Char('é'), "73000000e9"},
	{time.UnixMilli(1).UTC(), "830000000000000001"},
	{time.Time{}, "83ffffc77cedd32800"},
	{UUID{0: 1, 15: 2}, "9801000000000000000000000000000002"},
	{Decimal32{1, 2, 3, 4}, "7401020304"},
	{[]byte{1, 2}, "a0020102"},
	{[]byte{}, "a000"},
	{"é", "a102c3a9"},
	{Symbol("ab"), "a3026162"},
	{[]any{}, "45"},
	{[]any{uint32(0), true}, "c0030243" + "41"},
	{Map{}, "c10100"},
	{Map{{Symbol("a"), nil}}, "c10502a30161" + "40"},
	{Array{"a", "b"}, "f000000009" + "00000002" + "a1" + "0161" + "0162"},
	{Array{true, false}, "f000000007" + "00000002" + "56" + "01" + "00"},
	{Array{int32(1)}, "f000000009" + "00000001" + "71" + "00000001"},
	{Array{}, "f000000005" + "00000000" + "40"},
	{Described{uint64(0x24), []any{}}, "005324" + "45"},
	{Described{Symbol("x"), "y"}, "00a30178" + "a10179"},
}

func TestEncodings(t *testing.T) {
	for _, e := range encodings {
		got, err := AppendValue(nil, e.value)
		if err != nil {
			t.Errorf("%#v: %v", e.value, err)
			continue
		}
		if hex.EncodeToString(got) != e.hex {
			t.Errorf("%#v is %x, want %s", e.value, got, e.hex)
		}
		back, rest, err := DecodeValue(append(got, 0xee))
		if err != nil || len(rest) != 1 {
			t.Errorf("%s: decoding: %v, %d bytes left", e.hex, err, len(rest))
		}
		if diff := cmp.Diff(e.value, back); diff != "" {
			t.Errorf("%s came back different:\n%s", e.hex, diff)
		}
	}
}

// Encoders of other people choose other widths; all must be understood.
func TestDecodesOtherWidths(t *testing.T) {
	for in, want := range map[string]Value{
		"5601":                    true,
		"5600":                    false,
		"7000000000":              uint32(0),
		"800000000000000001":      uint64(1),
		"7100000001":              int32(1),
		"810000000000000001":      int64(1),
		"b000000001ff":            []byte{0xff},
		"b10000000161":            "a",
		"b30000000161":            Symbol("a"),
		"d00000000400000000":      []any{},
		"d10000000400000000":      Map{},
		"d000000006000000024140":  []any{true, nil},
		"e0020141":                Array{true},
		"e00100":                  Array{}, // no constructor for no elements
		"e0070100a301785201":      Array{Described{Symbol("x"), uint32(1)}},
		"f0000000050000000241":    Array{true, true},
		"e0070200530152" + "0102": Array{Described{uint64(1), uint32(1)}, Described{uint64(1), uint32(2)}},
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := DecodeValue(b)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", in, diff)
		}
	}
}

func TestRefusesMalformedValues(t *testing.T) {
	deep := strings.Repeat("c0ff01", 40)
	for what, in := range map[string]string{
		"nothing":                        "",
		"unknown constructor":            "49",
		"cut short ubyte":                "50",
		"cut short uint":                 "700000",
		"cut short ulong":                "8000000000000000",
		"boolean that is 2":              "5602",
		"size beyond the end":            "a10561",
		"huge size":                      "b1ffffffff61",
		"string that is not UTF-8":       "a101ff",
		"symbol that is not ASCII":       "a302c3a9",
		"char beyond Unicode":            "7300110000",
		"surrogate char":                 "730000d800",
		"list longer than its size":      "c0020240",
		"list shorter than its size":     "c003014040",
		"map with an odd count":          "c1020140",
		"list without a count":           "c000",
		"described without a value":      "005324",
		"described without anything":     "00",
		"list that nests without end":    deep,
		"descriptors that nest":          strings.Repeat("00", 40) + "40",
		"array longer than its elements": "e004014140" + "40",
		"array shorter than its count":   "e003025200",
		"array of an unknown type":       "e0030149ff",
		"count beyond the limit":         "d000000005" + "7fffffff" + "40",
		"zero-width array beyond it":     "f000000005" + "7fffffff" + "40",
		"array of arrays with bad inner": "e00501" + "e0" + "0201" + "49",
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := DecodeValue(b)
		if err == nil {
			t.Errorf("%s: decoded to %#v", what, v)
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Condition != ErrDecode || e.Description == "" {
			t.Errorf("%s: %#v is not a decode error with a description", what, err)
		}
		d := newDecoder(b)
		if d.check(0); d.err == nil {
			t.Errorf("%s: check found nothing wrong", what)
		}
	}
}

func TestRefusesToEncode(t *testing.T) {
	deep := Value(nil)
	for range MaxDepth + 2 {
		deep = []any{deep}
	}
	for what, v := range map[string]Value{
		"foreign type":             struct{}{},
		"foreign type in a list":   []any{make(chan int)},
		"foreign type in a map":    Map{{"a", uintptr(1)}},
		"mixed array":              Array{int32(1), "a"},
		"mixed widths":             Array{int32(1), int64(1)},
		"mixed descriptors":        Array{Described{uint64(1), nil}, Described{uint64(2), nil}},
		"described and bare":       Array{Described{uint64(1), nil}, nil},
		"too deep":                 deep,
		"too deep in an array":     Array{deep},
		"foreign type in an array": Array{[]any{struct{}{}}},
	} {
		start := []byte("kept")
		if b, err := AppendValue(start, v); err == nil || !bytes.Equal(b, start) {
			t.Errorf("%s: error %v, bytes %q", what, err, b)
		}
	}
}

func TestMapLookups(t *testing.T) {
	m := Map{{Symbol("s"), "text"}, {"n", int32(-5)}, {"big", uint64(math.MaxUint64)}, {uint32(1), "other"}}
	if m.String("s") != "text" || m.String("n") != "" || m.String("none") != "" {
		t.Errorf("strings: %q %q %q", m.String("s"), m.String("n"), m.String("none"))
	}
	if n, ok := m.Int("n"); !ok || n != -5 {
		t.Errorf("n is %d, %v", n, ok)
	}
	if _, ok := m.Int("big"); ok {
		t.Error("a ulong beyond int64 passed for one")
	}
	if _, ok := m.Int("s"); ok {
		t.Error("a text passed for an integer")
	}
}

// values generates any value that survives a round trip, down to a depth.
func values(depth int) *rapid.Generator[Value] {
	leaves := []*rapid.Generator[Value]{
		rapid.Just[Value](nil),
		as(rapid.Bool()), as(rapid.Uint8()), as(rapid.Uint16()), as(rapid.Uint32()), as(rapid.Uint64()),
		as(rapid.Int8()), as(rapid.Int16()), as(rapid.Int32()), as(rapid.Int64()),
		as(rapid.Float32()), as(rapid.Float64()), as(rapid.String()),
		as(rapid.SliceOfN(rapid.Byte(), 0, 300)),
		as(rapid.Map(rapid.StringMatching(`[a-z:.-]{0,300}`), func(s string) Symbol { return Symbol(s) })),
		as(rapid.Map(rapid.Rune(), func(r rune) Char { return Char(r) })),
		as(rapid.Map(rapid.Int64Range(-1<<45, 1<<45), millisTime)),
		as(rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) UUID { return UUID(b) })),
		as(rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) Decimal128 { return Decimal128(b) })),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	inner := values(depth - 1)
	list := rapid.SliceOfN(inner, 0, 5)
	return rapid.OneOf(append(leaves,
		as(list),
		as(rapid.Map(list, func(l []any) Map {
			m := Map{}
			for i := 0; i+1 < len(l); i += 2 {
				m = append(m, Entry{l[i], l[i+1]})
			}
			return m
		})),
		as(rapid.Map(list, func(l []any) Described { return Described{uint64(len(l)), append([]any{}, l...)} })),
		as(rapid.Map(rapid.SliceOf(rapid.String()), func(l []string) Array { return arrayOf(l) })),
		as(rapid.Map(rapid.SliceOf(rapid.Int64()), func(l []int64) Array { return arrayOf(l) })),
		as(rapid.Map(rapid.SliceOfN(list, 0, 3), func(l [][]any) Array { return arrayOf(l) })),
		as(rapid.Map(rapid.SliceOfN(rapid.SliceOf(rapid.Bool()), 0, 3), func(l [][]bool) Array {
			a := Array{}
			for _, e := range l {
				a = append(a, Described{Symbol("d"), arrayOf(e)})
			}
			return a
		})),
	)...)
}

func as[T any](g *rapid.Generator[T]) *rapid.Generator[Value] {
	return rapid.Map(g, func(v T) Value { return v })
}

func arrayOf[T any](l []T) Array {
	a := Array{}
	for _, e := range l {
		a = append(a, e)
	}
	return a
}

func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "value")
		b, err := AppendValue(nil, v)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		back, rest, err := DecodeValue(b)
		if err != nil || len(rest) != 0 {
			t.Fatalf("decode %x: %v, %d bytes left", b, err, len(rest))
		}
		again, err := AppendValue(nil, back)
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("%x encoded again is %x, %v", b, again, err)
		}
		d := newDecoder(b)
		if d.check(0); d.err != nil || len(d.b) != 0 {
			t.Fatalf("check of %x: %v, %d bytes left", b, d.err, len(d.b))
		}
		if rest, err := SkipValue(b); err != nil || len(rest) != 0 {
			t.Fatalf("skip of %x: %v, %d bytes left", b, err, len(rest))
		}
	})
}
