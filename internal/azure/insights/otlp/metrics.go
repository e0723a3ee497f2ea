package otlp

import (
	"math"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// Metrics reads the points of metrics: an item each, and nil for one that has no value
// that a column holds. A sum is as it came: where its exporter counts from the start of
// the program on, so does the column.
func Metrics(all []*metrics.ResourceMetrics, take func(*item.Item)) {
	for _, r := range all {
		for _, scope := range r.GetScopeMetrics() {
			s := sourceOf(r.GetResource(), scope.GetScope())
			for _, m := range scope.GetMetrics() {
				s.metric(m, take)
			}
		}
	}
}

func (s *source) metric(m *metrics.Metric, take func(*item.Item)) {
	many := func(at uint64, all []*common.KeyValue, sum float64, count uint64, least, most *float64) {
		if count > 0 { // a span of time in which nothing was measured is no item
			take(s.point(m, at, all, several(sum, count, least, most)))
		}
	}
	numbers := m.GetGauge().GetDataPoints()
	if m.GetSum() != nil {
		numbers = m.GetSum().GetDataPoints()
	}
	for _, p := range numbers {
		v := p.GetAsDouble()
		if n, ok := p.GetValue().(*metrics.NumberDataPoint_AsInt); ok {
			v = float64(n.AsInt)
		}
		take(s.point(m, p.GetTimeUnixNano(), p.GetAttributes(), item.Metric{Sum: v, Count: 1, Min: v, Max: v}))
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		many(p.GetTimeUnixNano(), p.GetAttributes(), p.GetSum(), p.GetCount(), p.Min, p.Max)
	}
	for _, p := range m.GetExponentialHistogram().GetDataPoints() {
		many(p.GetTimeUnixNano(), p.GetAttributes(), p.GetSum(), p.GetCount(), p.Min, p.Max)
	}
	for _, p := range m.GetSummary().GetDataPoints() {
		least, most := summary(p)
		many(p.GetTimeUnixNano(), p.GetAttributes(), p.GetSum(), p.GetCount(), least, most)
	}
}

// summary is the smallest and the largest value, where a summary has them.
func summary(p *metrics.SummaryDataPoint) (least, most *float64) {
	for _, q := range p.GetQuantileValues() {
		v := q.GetValue()
		switch q.GetQuantile() {
		case 0:
			least = &v
		case 1:
			most = &v
		}
	}
	return least, most
}

// several is what is left of many values. Where the smallest is not told, the mean
// stands for it, and for the largest.
func several(sum float64, count uint64, least, most *float64) item.Metric {
	mean := sum / float64(count)
	m := item.Metric{Sum: sum, Count: int64(min(count, math.MaxInt64)), Min: mean, Max: mean} //nolint:gosec // bounded
	if least != nil {
		m.Min = *least
	}
	if most != nil {
		m.Max = *most
	}
	return m
}

// point is an item; nil when it has no value.
func (s *source) point(m *metrics.Metric, at uint64, all []*common.KeyValue, body item.Metric) *item.Item {
	for _, v := range [...]float64{body.Sum, body.Min, body.Max} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	i := s.item
	i.Time = moment(at)
	i.Properties = put(s.properties, all, nil)
	body.Name = cut(m.GetName(), mediumText)
	i.Body = &body
	return &i
}
