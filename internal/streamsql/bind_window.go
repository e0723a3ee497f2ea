package streamsql

import "strings"

const windowForms = "TumblingWindow(unit, n), HoppingWindow(unit, size, hop), SlidingWindow(unit, n), SessionWindow(unit, timeout, max) and System.Timestamp() are"

// windows binds an entry of GROUP BY if it is a window, else returns nil.
func (b *binder) windows(rows *scope, x syntax) []WindowSpec {
	c, ok := x.(*callExpr)
	if !ok {
		return nil
	}
	if isTimestamp(c) {
		return []WindowSpec{{Kind: Snapshot}}
	}
	if c.prefix != "" {
		return nil
	}
	if spec, ok := b.window(rows, c); ok {
		return []WindowSpec{spec}
	}
	if !strings.EqualFold(c.name.text, "windows") {
		return nil
	}
	if len(c.args) == 0 {
		b.fail(c.at, "Windows takes at least one Window('id', …)")
	}
	var specs []WindowSpec
	ids := map[string]bool{}
	for _, arg := range c.args {
		spec := b.namedWindow(rows, arg)
		if ids[strings.ToLower(spec.ID)] && spec.ID != "" {
			b.fail(arg.where(), "the window '%s' is given twice", spec.ID)
		}
		if len(specs) > 0 && (spec.ID == "") != (specs[0].ID == "") {
			b.fail(arg.where(), "either all windows of Windows(…) have a name, Window('id', …), or none")
		}
		ids[strings.ToLower(spec.ID)] = true
		specs = append(specs, spec)
	}
	return specs
}

// namedWindow binds Window('id', window) or a window without a name.
func (b *binder) namedWindow(rows *scope, x syntax) WindowSpec {
	c, ok := x.(*callExpr)
	if !ok {
		b.fail(x.where(), "Windows takes Window('id', …) or windows")
	}
	id := ""
	if strings.EqualFold(c.name.text, "window") && len(c.args) == 2 {
		name, isString := c.args[0].(*literal)
		inner, isCall := c.args[1].(*callExpr)
		if !isString || name.value.kind != String || name.value.Text() == "" || !isCall {
			b.fail(c.at, "Window takes a name and a window: Window('id', TumblingWindow(minute, 1))")
		}
		id, c = name.value.Text(), inner
	}
	spec, ok := b.window(rows, c)
	if isTimestamp(c) {
		spec, ok = WindowSpec{Kind: Snapshot}, true
	}
	if !ok {
		b.fail(c.at, "'%s' is not a window within Windows(…): %s", c.name.text, windowForms)
	}
	spec.ID = id
	return spec
}

// window binds one window; ok is false if the call is none.
func (b *binder) window(rows *scope, c *callExpr) (spec WindowSpec, ok bool) {
	switch strings.ToLower(c.name.text) {
	case "tumblingwindow", "tumbling":
		spec.Kind = Tumbling
	case "hoppingwindow", "hopping":
		spec.Kind = Hopping
	case "slidingwindow", "sliding":
		spec.Kind = Sliding
	case "sessionwindow", "session":
		spec.Kind = Session
	default:
		return spec, false
	}
	if c.over != nil {
		if spec.Kind != Session || len(c.over.orderBy) > 0 || c.over.limit != nil || c.over.when != nil {
			b.fail(c.over.at, "only SessionWindow takes OVER, with PARTITION BY alone")
		}
		spec.SessionKeys = rows.exprs(c.over.partitionBy)
	}
	if len(c.args) > 0 && isCallNamed(c.args[0], "duration", "timeout") {
		b.windowParts(c, &spec)
	} else {
		b.windowNumbers(c, &spec)
	}
	if spec.Kind == Tumbling {
		spec.Hop = spec.Size
	}
	if spec.Kind == Hopping && spec.Hop > spec.Size {
		b.fail(c.at, "the hop of a window is at most its size, else events would belong to none")
	}
	return spec, true
}

func isCallNamed(x syntax, names ...string) bool {
	c, ok := x.(*callExpr)
	for _, n := range names {
		if ok && c.prefix == "" && strings.EqualFold(c.name.text, n) {
			return true
		}
	}
	return false
}

// windowNumbers binds Window(unit, n, …).
func (b *binder) windowNumbers(c *callExpr, spec *WindowSpec) {
	form, low, high := "TumblingWindow(unit, n [, offset])", 2, 3
	switch spec.Kind {
	case Hopping:
		form, low, high = "HoppingWindow(unit, size, hop [, offset])", 3, 4
	case Sliding:
		form, low, high = "SlidingWindow(unit, n)", 2, 2
	case Session:
		form, low, high = "SessionWindow(unit, timeout, max)", 3, 3
	case Tumbling, Snapshot:
	}
	if len(c.args) < low || len(c.args) > high {
		b.fail(c.at, "%s takes %s; %s would be valid", c.name.text, argumentRange(low, high), form)
	}
	unit := c.args[0]
	first := b.duration(unit, c.args[1], MaxDuration)
	switch spec.Kind {
	case Hopping:
		spec.Size, spec.Hop = first, b.duration(unit, c.args[2], MaxDuration)
		if len(c.args) == 4 {
			spec.Offset = b.offset(unit, c.args[3], spec.Hop)
		}
	case Session:
		spec.Timeout, spec.Size = first, b.duration(unit, c.args[2], MaxDuration)
	case Tumbling:
		spec.Size = first
		if len(c.args) == 3 {
			spec.Offset = b.offset(unit, c.args[2], spec.Size)
		}
	case Sliding, Snapshot:
		spec.Size = first
	}
}

func argumentRange(low, high int) string {
	if low == high {
		return plural(low, "argument")
	}
	return plural(low, "") + " or " + plural(high, "argument")
}

// windowParts binds Window(Duration(unit, n), Hop(unit, n), Offset(unit, n)).
func (b *binder) windowParts(c *callExpr, spec *WindowSpec) {
	allowed := map[WindowKind]string{
		Tumbling: "Duration and Offset", Hopping: "Duration, Hop and Offset", Sliding: "Duration", Session: "Timeout and MaxDuration",
	}[spec.Kind]
	for _, arg := range c.args {
		part, ok := arg.(*callExpr)
		if !ok || len(part.args) != 2 {
			b.fail(arg.where(), "%s takes %s, each with (unit, n)", c.name.text, allowed)
		}
		name := strings.ToLower(part.name.text)
		unit, n := part.args[0], part.args[1]
		switch {
		case name == "duration" && spec.Kind != Session:
			spec.Size = b.duration(unit, n, MaxDuration)
		case name == "hop" && spec.Kind == Hopping:
			spec.Hop = b.duration(unit, n, MaxDuration)
		case name == "offset" && (spec.Kind == Hopping || spec.Kind == Tumbling):
			spec.Offset = b.offset(unit, n, MaxDuration+1)
		case name == "timeout" && spec.Kind == Session:
			spec.Timeout = b.duration(unit, n, MaxDuration)
		case name == "maxduration" && spec.Kind == Session:
			spec.Size = b.duration(unit, n, MaxDuration)
		default:
			b.fail(part.at, "'%s' is no part of %s: %s would be valid", part.name.text, c.name.text, allowed)
		}
	}
	period := spec.Hop
	if spec.Kind == Tumbling {
		period = spec.Size
	}
	switch {
	case spec.Size == 0, spec.Kind == Hopping && spec.Hop == 0, spec.Kind == Session && spec.Timeout == 0:
		b.fail(c.at, "%s needs %s (an offset is optional)", c.name.text, allowed)
	case spec.Offset <= -period && spec.Offset != 0, spec.Offset >= period && spec.Offset != 0:
		b.fail(c.at, "the offset of a window is smaller than its size or hop")
	}
}

// unit reads a name as a unit of time.
func (b *binder) unit(x syntax) Unit {
	if n, ok := x.(*nameExpr); ok && len(n.parts) == 1 {
		if u, ok := unitByName(n.parts[0].text); ok {
			return u
		}
	}
	b.fail(x.where(), "a unit of time is expected: year, quarter, month, dayofyear, day, week, weekday, hour, minute, second, millisecond or microsecond")
	return 0
}

// duration reads unit and n as a length from one tick to limit.
func (b *binder) duration(unit, n syntax, limit int64) int64 {
	d := b.offset(unit, n, limit+1)
	if d <= 0 {
		b.fail(n.where(), "a length of time is a positive whole number")
	}
	return d
}

// offset reads unit and n as a length whose size is below limit.
func (b *binder) offset(unit, n syntax, limit int64) int64 {
	u := b.unit(unit)
	if u.Ticks() == 0 || u.Ticks() > TicksPerDay || u == WeekDay || u == DayOfYear {
		b.fail(unit.where(), "'%s' is no unit of a window: day, hour, minute, second, millisecond or microsecond would be valid", u)
	}
	count, ok := intLiteral(n)
	if !ok {
		b.fail(n.where(), "a whole number is expected: lengths of time are constants")
	}
	if most := (limit - 1) / u.Ticks(); count > most || count < -most {
		if limit > MaxDuration {
			b.fail(n.where(), "a length of time is at most 7 days")
		}
		b.fail(n.where(), "the offset of a window is smaller than its size or hop")
	}
	return count * u.Ticks()
}
