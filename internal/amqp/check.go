package amqp

// check walks the next value to its leaves without building anything: sizes,
// counts, constructors and nesting must all be right.
func (d *decoder) check(depth int) {
	ctor := d.u8()
	for ctor == ctorDescribed && d.err == nil {
		if depth++; depth > MaxDepth {
			d.fail("values nest deeper than %d", MaxDepth)
			return
		}
		d.check(depth)
		ctor = d.u8()
	}
	if d.err == nil {
		d.checkBody(ctor, depth)
	}
}

// checkBody walks what follows a constructor.
func (d *decoder) checkBody(ctor byte, depth int) {
	if d.values--; d.values < 0 {
		d.fail("more values than the limit")
		return
	}
	switch ctor {
	case ctorBool:
		d.boolByte()
	case ctorChar:
		d.char()
	case ctorString8, ctorString32, ctorSymbol8, ctorSymbol32:
		d.text(ctor)
	case ctorList8, ctorList32, ctorMap8, ctorMap32:
		inner, count := d.nested(ctor, depth)
		if ctor&0x0f == 1 && count%2 != 0 {
			inner.fail("map with an odd number of values, %d", count)
		}
		for i := uint32(0); i < count && inner.err == nil; i++ {
			inner.check(depth + 1)
		}
		d.join(&inner)
	case ctorArray8, ctorArray32:
		d.checkArray(ctor, depth)
	default:
		d.skipBody(ctor)
	}
}

func (d *decoder) checkArray(ctor byte, depth int) {
	inner, count := d.nested(ctor, depth)
	if inner.err == nil && count == 0 && len(inner.b) == 0 {
		d.join(&inner)
		return
	}
	element := inner.u8()
	for n := depth; element == ctorDescribed && inner.err == nil; n++ {
		if n >= MaxDepth {
			inner.fail("values nest deeper than %d", MaxDepth)
			break
		}
		inner.check(depth + 1)
		element = inner.u8()
	}
	if inner.err == nil && !known(element) {
		inner.fail("unknown constructor 0x%02x", element)
	}
	for i := uint32(0); i < count && inner.err == nil; i++ {
		inner.checkBody(element, depth+1)
	}
	d.join(&inner)
}
