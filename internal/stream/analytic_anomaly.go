package stream

import (
	"math"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// anomaly is AnomalyDetection_SpikeAndDip and AnomalyDetection_ChangePoint. Both
// remember the last values of a partition, History at most, none older than the
// duration, and judge each value by those before it. While there are fewer than
// minHistory they say nothing.
//
// The scores have the meaning of the vendor's, not its digits: its models are
// described, not published.
type anomaly struct {
	env    *env
	call   *streamsql.AnalyticCall
	series []series
	x      float64
	has    bool
	text   []byte
}

// minHistory is how many values must be known before one is judged.
const minHistory = 12

type series struct {
	times  []int64
	values []float64
	log    float64 // change point: logarithm of the martingale
	seen   uint64  // values judged; picks among equal ranks
}

func newAnomaly(e *env, c *streamsql.AnalyticCall) *anomaly { return &anomaly{env: e, call: c} }

func (a *anomaly) eval(row *streamsql.Row) {
	v := a.call.Arg.Eval(row)
	a.x, a.has = v.Number()
	if !a.has && !v.IsNull() && row.Err == nil {
		row.Err = &streamsql.DataError{Line: a.call.Line, Col: a.call.Col, Msg: a.call.Func.String() + " of a value of type " + v.Kind().String()}
	}
	a.has = a.has && !math.IsNaN(a.x) && !math.IsInf(a.x, 0)
	if a.call.When != nil && !a.call.When.Test(row) {
		a.has = false
	}
}

func (a *anomaly) next(id uint32, row *streamsql.Row) error {
	s := byID(&a.series, id)
	old := 0
	for old < len(s.times) && row.Time-s.times[old] > a.call.Duration {
		old++
	}
	if old > 0 {
		s.times = append(s.times[:0], s.times[old:]...)
		s.values = append(s.values[:0], s.values[old:]...)
	}
	if !a.has {
		row.Slots[a.call.Slot] = streamsql.NullValue
		return nil
	}
	var alarm bool
	var score float64
	if a.call.Func == streamsql.SpikeAndDip {
		alarm, score = a.spike(s)
	} else {
		alarm, score = a.change(s)
	}
	s.times, s.values = append(s.times, row.Time), append(s.values, a.x)
	if extra := len(s.times) - max(a.call.Anomaly.History, 1); extra > 0 {
		s.times = append(s.times[:0], s.times[extra:]...)
		s.values = append(s.values[:0], s.values[extra:]...)
	}
	row.Slots[a.call.Slot] = a.record(alarm, score, row)
	return nil
}

func (a *anomaly) record(alarm bool, score float64, row *streamsql.Row) streamsql.Value {
	b := append(a.text[:0], `{"IsAnomaly":`...)
	if alarm {
		b = append(b, '1')
	} else {
		b = append(b, '0')
	}
	b = append(b, `,"Score":`...)
	b = streamsql.FloatValue(score).AppendJSON(b)
	a.text = append(b, '}')
	return row.Scratch.Copy(streamsql.RecordValue(alias(a.text)))
}

// spike is the share of a kernel density over the history that lies beyond the
// value. The kernel is Gaussian with Silverman's bandwidth over the robust
// spread, so a few old spikes do not blind it.
func (a *anomaly) spike(s *series) (bool, float64) {
	if len(s.values) < minHistory {
		return false, 1
	}
	h := bandwidth(s.values)
	below := 0.0
	for _, v := range s.values {
		below += 0.5 * math.Erfc((v-a.x)/(h*math.Sqrt2))
	}
	below /= float64(len(s.values))
	above := 1 - below
	var p float64
	switch spec := a.call.Anomaly; {
	case spec.Spikes && spec.Dips:
		p = 2 * math.Min(below, above)
	case spec.Spikes:
		p = above
	default:
		p = below
	}
	p = math.Min(math.Max(p, 0), 1)
	return p < 1-a.call.Anomaly.Confidence/100, p
}

func bandwidth(values []float64) float64 {
	mean, m2 := 0.0, 0.0
	for i, v := range values {
		d := v - mean
		mean += d / float64(i+1)
		m2 += d * (v - mean)
	}
	n := float64(len(values))
	spread := math.Sqrt(m2 / (n - 1))
	h := 1.06 * spread * math.Pow(n, -0.2)
	return math.Max(h, 1e-9*math.Max(1, math.Abs(mean)))
}

// change multiplies a bet on each value's p-value, the share of the history
// that is at least as far from the mean: under exchangeable values p is uniform
// and the product a martingale, which grows without bound only after a change.
// The bet is the power martingale with exponent 0.92; the threshold follows
// from the confidence by Ville's inequality, and the product starts again after
// an alarm.
func (a *anomaly) change(s *series) (bool, float64) {
	const epsilon = 0.92
	if len(s.values) < minHistory {
		return false, 0
	}
	mean := 0.0
	for _, v := range s.values {
		mean += v
	}
	mean /= float64(len(s.values))
	own := math.Abs(a.x - mean)
	greater, equal := 0, 1
	for _, v := range s.values {
		switch d := math.Abs(v - mean); {
		case d > own:
			greater++
		case d == own:
			equal++
		}
	}
	s.seen++
	pick := float64(s.seen*2654435761%1000+1) / 1001 // the same on every replay
	p := (float64(greater) + pick*float64(equal)) / float64(len(s.values)+1)
	s.log = math.Max(s.log+math.Log(epsilon)+(epsilon-1)*math.Log(p), 0)
	score := math.Exp(math.Min(s.log, 700))
	if alarm := score > 1/(1-math.Min(a.call.Anomaly.Confidence, 99.999)/100); alarm {
		s.log = 0
		s.times, s.values = s.times[:0], s.values[:0]
		return true, score
	}
	return false, score
}

func (a *anomaly) forget(id uint32) {
	if int(id) < len(a.series) {
		a.series[id] = series{}
	}
}

func (a *anomaly) saveID(w *stateWriter, id uint32) {
	s := byID(&a.series, id)
	w.float(s.log)
	w.uint(s.seen)
	w.uint(uint64(len(s.times)))
	for i, t := range s.times {
		w.int(t)
		w.float(s.values[i])
	}
}

func (a *anomaly) loadID(r *stateReader, id uint32) {
	s := byID(&a.series, id)
	s.log, s.seen = r.float(), r.uint()
	for range r.count(9) {
		s.times = append(s.times, r.int())
		s.values = append(s.values, r.float())
	}
}
