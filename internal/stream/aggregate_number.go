package stream

import (
	"math"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// Flags of a SUM, in the low bits of its count.
const (
	sumFloat    = 1 << 0 // the sum is a float
	sumOverflow = 1 << 1 // a bigint sum has passed its range
	sumOne      = 1 << 2 // one value
)

func addSum(s []uint64, v streamsql.Value) {
	f, _ := v.Number()
	one := [2]uint64{sumOne, math.Float64bits(f)}
	if v.Kind() == streamsql.Float {
		one[0] |= sumFloat
	} else {
		one[1] = uint64(v.Int())
	}
	mergeSum(s, one[:])
}

// mergeSum adds sum o to sum s.
func mergeSum(s, o []uint64) {
	if o[0] == 0 {
		return
	}
	switch {
	case (s[0]|o[0])&sumFloat != 0:
		s[1] = math.Float64bits(sumAsFloat(s) + sumAsFloat(o))
	default:
		x, y := int64(s[1]), int64(o[1])
		z := x + y
		if (x^z)&(y^z) < 0 {
			s[0] |= sumOverflow
		}
		s[1] = uint64(z)
	}
	s[0] = s[0]&^3 + o[0]&^3 | (s[0]|o[0])&3
}

func sumAsFloat(s []uint64) float64 {
	if s[0]&sumFloat != 0 {
		return math.Float64frombits(s[1])
	}
	return float64(int64(s[1]))
}

func sumResult(c *streamsql.AggregateCall, s []uint64) (streamsql.Value, error) {
	switch {
	case s[0] == 0:
		return streamsql.NullValue, nil
	case s[0]&sumOverflow != 0:
		return streamsql.NullValue, &streamsql.DataError{Line: c.Line, Col: c.Col, Msg: c.Text + " is outside the range of bigint; CAST the value to float"}
	case s[0]&sumFloat != 0:
		return finite(c, math.Float64frombits(s[1]))
	}
	return streamsql.BigIntValue(int64(s[1])), nil
}

// addMoment is Welford's update of count, mean and squared distances.
func addMoment(s []uint64, f float64) {
	s[0]++
	mean, m2 := math.Float64frombits(s[1]), math.Float64frombits(s[2])
	d := f - mean
	mean += d / float64(s[0])
	s[1], s[2] = math.Float64bits(mean), math.Float64bits(m2+d*(f-mean))
}

// mergeMoment joins two sets, after Chan, Golub and LeVeque.
func mergeMoment(s, o []uint64) {
	switch {
	case o[0] == 0:
		return
	case s[0] == 0:
		copy(s[:3], o[:3])
		return
	}
	n, m := float64(s[0]), float64(o[0])
	mean, other := math.Float64frombits(s[1]), math.Float64frombits(o[1])
	d := other - mean
	m2 := math.Float64frombits(s[2]) + math.Float64frombits(o[2]) + d*d*n*m/(n+m)
	s[0] += o[0]
	s[1], s[2] = math.Float64bits(mean+d*m/(n+m)), math.Float64bits(m2)
}

func momentResult(c *streamsql.AggregateCall, s []uint64) (streamsql.Value, error) {
	n := float64(s[0])
	if c.Func == streamsql.Stdev || c.Func == streamsql.Var {
		n--
	}
	if n <= 0 {
		return streamsql.NullValue, nil
	}
	v := math.Float64frombits(s[2]) / n
	if c.Func == streamsql.Stdev || c.Func == streamsql.StdevP {
		v = math.Sqrt(v)
	}
	return finite(c, v)
}

// finite is a float result; one beyond the range of a float is a data error.
func finite(c *streamsql.AggregateCall, f float64) (streamsql.Value, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return streamsql.NullValue, &streamsql.DataError{Line: c.Line, Col: c.Col, Msg: c.Text + " is outside the range of float"}
	}
	return streamsql.FloatValue(f), nil
}
