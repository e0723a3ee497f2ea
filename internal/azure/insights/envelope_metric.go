package insights

import (
	"math"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// metrics reads values. Clients send one in an envelope; more become items of their own.
func (e *envelope) metrics(r *reader) member {
	return func(name string) bool {
		if name != "metrics" || r.next() != '[' {
			return false
		}
		n := 0
		r.array(func() {
			if r.next() != '{' {
				r.skip()
				return
			}
			if n++; n > maxMembers {
				e.refuse("106: Field 'metrics' has more than %d elements", maxMembers)
				r.skip()
				return
			}
			b := e.metric(r)
			if e.item.Body == nil {
				e.item.Body = b
				return
			}
			e.more = append(e.more, &item.Item{Body: b})
		})
		return true
	}
}

// metric is a value, or, by the looks of its name, a performance counter.
func (e *envelope) metric(r *reader) item.Body {
	m := &item.Metric{}
	known := false
	var least, most bool
	r.object(func(name string) {
		switch name {
		case "name":
			m.Name = cut(r.string(), mediumText)
		case "value":
			if m.Sum, known = r.number(); math.IsNaN(m.Sum) || math.IsInf(m.Sum, 0) {
				known = false
			}
		case "count":
			m.Count = max(whole(r), 0)
		case "min":
			m.Min, least = r.number()
		case "max":
			m.Max, most = r.number()
		case "stdDev":
			m.StdDev, _ = r.number()
		default: // ns and kind say nothing that columns show
			r.skip()
		}
	})
	if !known {
		e.refuse("108: Field 'value' on type 'DataPoint' is no number")
	}
	if !least {
		m.Min = m.Sum
	}
	if !most {
		m.Max = m.Sum
	}
	if c, ok := performanceCounter(m.Name); ok {
		c.Value = m.Sum
		return c
	}
	return m
}

// counter reads a performance counter as the oldest clients send it.
func (e *envelope) counter(r *reader) member {
	b := &item.PerformanceCounter{}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "categoryName":
			b.Category = cut(r.string(), mediumText)
		case "counterName":
			b.Counter = cut(r.string(), mediumText)
		case "instanceName":
			b.Instance = cut(r.string(), mediumText)
		case "value":
			b.Value, _ = r.number()
		default:
			return false
		}
		b.Name = `\` + b.Category + `\` + b.Counter
		if b.Instance != "" {
			b.Name = `\` + b.Category + "(" + b.Instance + `)\` + b.Counter
		}
		return true
	}
}

// performanceCounter takes \Category(Instance)\Counter apart. A name that begins with a
// backslash is no other metric's.
func performanceCounter(name string) (*item.PerformanceCounter, bool) {
	rest, ok := strings.CutPrefix(name, `\`)
	category, counter, two := strings.Cut(rest, `\`)
	if !ok || !two || category == "" || counter == "" {
		return nil, false
	}
	c := &item.PerformanceCounter{Name: name, Category: category, Counter: counter}
	if before, within, ok := strings.Cut(category, "("); ok && strings.HasSuffix(within, ")") {
		c.Category, c.Instance = before, strings.TrimSuffix(within, ")")
	}
	return c, true
}
