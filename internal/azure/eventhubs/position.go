package eventhubs

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// The filter that carries a receiver's start position, by name and by number.
const (
	filterSelector            = "apache.org:selector-filter:string"
	filterSelectorCode uint64 = 0x0000468C00000004
)

// startPosition reads the source's filter set. A filter is told by its
// descriptor, a number from some clients and a symbol from others; the name it
// stands under is the client's to choose ("selector" from Qpid Proton,
// "jms-selector" from rhea). A filter we do not know would silently widen what the
// client gets, so it is refused.
func startPosition(filter amqp.Map) (broker.Position, error) {
	from := broker.FromStart()
	for _, e := range filter {
		name, described := filterName(e), isSelector(e.Value)
		if name != filterSelector && !described {
			return from, refuse(501, amqp.ErrNotImplemented, "The filter '%s' is not supported; only %s is.", clip(name), filterSelector)
		}
		text, ok := selectorText(e.Value)
		if !ok {
			return from, refuse(400, amqp.ErrInvalidField, "The filter %s must be a string described by that name or by 0x%x.", filterSelector, filterSelectorCode)
		}
		sel, err := ParseSelector(text)
		if err != nil {
			return from, err
		}
		if from, err = sel.position(); err != nil {
			return from, err
		}
	}
	return from, nil
}

func filterName(e amqp.Entry) string {
	switch k := e.Key.(type) {
	case amqp.Symbol:
		return string(k)
	case string:
		return k
	}
	return "?"
}

// isSelector reports whether the value is described as a selector.
func isSelector(v amqp.Value) bool {
	d, ok := v.(amqp.Described)
	return ok && (d.Descriptor == filterSelectorCode || d.Descriptor == amqp.Symbol(filterSelector))
}

// selectorText unwraps the described string.
func selectorText(v amqp.Value) (string, bool) {
	d, ok := v.(amqp.Described)
	if !ok {
		s, ok := v.(string)
		return s, ok
	}
	s, ok := d.Value.(string)
	return s, ok && isSelector(v)
}

// position translates a selector. Clients see times in whole milliseconds, so
// "after t" is "from the next millisecond on".
func (s Selector) position() (broker.Position, error) {
	switch {
	case s.Start:
		return broker.FromStart(), nil
	case s.Latest:
		return broker.Latest(s.Inclusive), nil
	case s.Field == BySequence:
		return broker.Sequence(s.Sequence, s.Inclusive), nil
	case s.Field == ByOffset:
		return broker.AtOffset(s.Offset, s.Inclusive)
	case s.Inclusive:
		return broker.EnqueuedTime(s.Time, true), nil
	}
	return broker.EnqueuedTime(s.Time.Add(time.Millisecond), true), nil
}
