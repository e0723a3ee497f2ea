package streamsql

import (
	"bytes"
	"math"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestValueIs32Bytes(t *testing.T) {
	if n := unsafe.Sizeof(Value{}); n != 32 {
		t.Errorf("%d bytes", n)
	}
}

func genValue(t *rapid.T, label string) Value {
	switch rapid.IntRange(0, 6).Draw(t, label) {
	case 0:
		return BitValue(rapid.Bool().Draw(t, "bit"))
	case 1:
		return BigIntValue(rapid.Int64().Draw(t, "int"))
	case 2:
		return BigIntValue(rapid.Int64Range(-3, 3).Draw(t, "small"))
	case 3:
		return FloatValue(rapid.Float64().Draw(t, "float"))
	case 4:
		return FloatValue(float64(rapid.IntRange(-6, 6).Draw(t, "half")) / 2)
	case 5:
		return StringValue(rapid.String().Draw(t, "string"))
	}
	return DateTimeValue(rapid.Int64Range(0, maxTicks).Draw(t, "ticks"))
}

// TestKeysAndOrder: two values have the same key exactly if they compare equal,
// as far as they compare, and the order is antisymmetric.
func TestKeysAndOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genValue(t, "a"), genValue(t, "b")
		order, ok := Compare(a, b)
		back, okBack := Compare(b, a)
		if ok != okBack || ok && order != -back {
			t.Fatalf("%v and %v: %d %v, back %d %v", a, b, order, ok, back, okBack)
		}
		mixed := (a.kind == String) != (b.kind == String) // '2020-01-01' and a datetime compare, their keys differ
		same := bytes.Equal(a.AppendKey(nil), b.AppendKey(nil))
		if ok && !mixed && same != (order == 0) {
			t.Fatalf("%v and %v: order %d, same key %v", a, b, order, same)
		}
	})
}

// TestTransitiveNumbers: bigints beyond 2^53 and floats have one order.
func TestTransitiveNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := [3]Value{}
		for i := range v {
			if rapid.Bool().Draw(t, "float") {
				v[i] = FloatValue(float64(rapid.Int64Range(1<<53-4, 1<<53+4).Draw(t, "f")))
			} else {
				v[i] = BigIntValue(rapid.Int64Range(1<<53-4, 1<<53+4).Draw(t, "i"))
			}
		}
		ab, _ := Compare(v[0], v[1])
		bc, _ := Compare(v[1], v[2])
		ac, _ := Compare(v[0], v[2])
		if ab <= 0 && bc <= 0 && ac > 0 {
			t.Fatalf("%v", v)
		}
	})
}

func TestNumbersOutsideJSON(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := string(FloatValue(f).AppendJSON(nil)); got != "null" {
			t.Errorf("%v is written %s", f, got)
		}
	}
}

func TestScratchReuse(t *testing.T) {
	mem := &Scratch{}
	first := mem.keep(append(mem.buffer(3), "abc"...))
	second := mem.keep(append(mem.buffer(3), "def"...))
	grown := mem.keep(append(mem.buffer(1), bytes.Repeat([]byte("x"), 100000)...))
	third := mem.keep(append(mem.buffer(3), "ghi"...))
	if first != "abc" || second != "def" || len(grown) != 100000 || third != "ghi" {
		t.Error(first, second, len(grown), third)
	}
	kept := StringValue(first).Clone()
	mem.Reset()
	mem.keep(append(mem.buffer(3), "zzz"...))
	if kept.Text() != "abc" {
		t.Error("a clone changed with its scratch")
	}
}

// TestJoinBounds: a pair whose DATEDIFF lies within the bounds lies within Range
// and before Expiry, and both are reached.
func TestJoinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom([]Unit{Day, Hour, Minute, Second, Millisecond, Microsecond}).Draw(t, "unit")
		low := rapid.Int64Range(-5, 5).Draw(t, "low")
		b := JoinBounds{Unit: u, Low: low, High: low + rapid.Int64Range(0, 5).Draw(t, "more")}
		left := rapid.Int64Range(20*u.Ticks(), 40*u.Ticks()).Draw(t, "left")
		matches := func(right int64) bool {
			d := boundaries(u, right) - boundaries(u, left)
			return d >= b.Low && d <= b.High
		}
		from, to := b.Range()
		right := left + rapid.Int64Range(from-u.Ticks(), to+u.Ticks()).Draw(t, "distance")
		if matches(right) && (right-left < from || right-left > to || right > b.Expiry(left)) {
			t.Fatalf("%d matches %d outside of %d to %d or after %d", right, left, from, to, b.Expiry(left))
		}
		if last := b.Expiry(left); !matches(last) || matches(last+1) {
			t.Fatalf("%d is not the last that matches %d", last, left)
		}
	})
}
