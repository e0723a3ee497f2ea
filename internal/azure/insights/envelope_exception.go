package insights

import "github.com/lazuli-dev/lazuli/internal/telemetry/item"

func (e *envelope) exception(r *reader) member {
	b := &item.Exception{}
	e.item.Body = b
	return func(name string) bool {
		switch name {
		case "exceptions":
			e.chain(r, b)
		case "severityLevel":
			b.Severity = severity(r.string())
		case "problemId":
			b.ProblemID = cut(r.string(), mediumText)
		case "handledAt":
			b.HandledAt = cut(r.string(), mediumText)
		default:
			return false
		}
		return true
	}
}

// chain reads an exception and its causes.
func (e *envelope) chain(r *reader, b *item.Exception) {
	if r.next() != '[' {
		r.skip()
		return
	}
	r.array(func() {
		if r.next() != '{' {
			r.skip()
			return
		}
		if len(b.Chain) >= maxMembers {
			e.refuse("106: Field 'exceptions' has more than %d elements", maxMembers)
			r.skip()
			return
		}
		b.Chain = append(b.Chain, item.Cause{})
		e.cause(r, &b.Chain[len(b.Chain)-1])
	})
}

func (e *envelope) cause(r *reader, c *item.Cause) {
	r.object(func(name string) {
		switch name {
		case "id":
			c.ID = whole(r)
		case "outerId":
			c.OuterID = whole(r)
		case "typeName":
			c.Type = cut(r.string(), mediumText)
		case "message":
			c.Message = cut(r.string(), messageText)
		case "stack":
			c.Stack = cut(r.string(), messageText)
		case "parsedStack":
			e.frames(r, c)
		default:
			r.skip()
		}
	})
}

// whole reads a number without its fraction; 0 where it is none.
func whole(r *reader) int64 {
	v, ok := r.number()
	if !ok || !(v > -1<<62 && v < 1<<62) {
		return 0
	}
	return int64(v)
}

func (e *envelope) frames(r *reader, c *item.Cause) {
	if r.next() != '[' {
		r.skip()
		return
	}
	r.array(func() {
		if r.next() != '{' {
			r.skip()
			return
		}
		if len(c.Frames) >= maxMembers {
			r.skip() // a stack is cut at its far end, as a text is
			return
		}
		var f item.Frame
		r.object(func(name string) {
			switch name {
			case "level":
				f.Level = whole(r)
			case "method":
				f.Method = cut(r.string(), mediumText)
			case "assembly":
				f.Assembly = cut(r.string(), mediumText)
			case "fileName":
				f.File = cut(r.string(), mediumText)
			case "line":
				f.Line = whole(r)
			default:
				r.skip()
			}
		})
		c.Frames = append(c.Frames, f)
	})
}
