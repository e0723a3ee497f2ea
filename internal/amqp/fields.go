package amqp

import "time"

// fields reads the values of a performative's list one after the other. Each
// reader takes the next field and reports whether it was there: a field left
// out at the end of the list or null leaves the variable as it was, so that
// defaults are set beforehand.
type fields struct {
	decoder
	left uint32 // fields not read yet
	what string // the performative, for errors
}

// openFields reads the list that follows a descriptor.
func openFields(d *decoder, what string) fields {
	f := fields{what: what}
	switch ctor := d.u8(); ctor {
	case ctorList0:
		f.values = d.values
	case ctorList8, ctorList32:
		f.decoder, f.left = d.compound(ctor)
	default:
		d.fail("%s is not a list but 0x%02x", what, ctor)
	}
	if d.err != nil {
		f.err = d.err
	}
	return f
}

// next returns the constructor of the next field, or false when it is absent.
func (f *fields) next() (byte, bool) {
	if f.left == 0 || f.err != nil {
		return 0, false
	}
	f.left--
	ctor := f.u8()
	return ctor, ctor != ctorNull && f.err == nil
}

// need fails unless present, naming the field.
func (f *fields) need(present bool, field string) {
	if !present && f.err == nil {
		f.fail("%s without its mandatory field %s", f.what, field)
	}
}

func (f *fields) wrong(want string, ctor byte) bool {
	f.fail("%s has 0x%02x where %s belongs", f.what, ctor, want)
	return false
}

func (f *fields) bool(v *bool) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	switch ctor {
	case ctorTrue:
		*v = true
	case ctorFalse:
		*v = false
	case ctorBool:
		*v = f.boolByte()
	default:
		return f.wrong("a boolean", ctor)
	}
	return f.err == nil
}

func (f *fields) ubyte(v *uint8) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorUbyte {
		return f.wrong("a ubyte", ctor)
	}
	*v = f.u8()
	return f.err == nil
}

func (f *fields) ushort(v *uint16) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorUshort {
		return f.wrong("a ushort", ctor)
	}
	*v = f.u16()
	return f.err == nil
}

func (f *fields) uint(v *uint32) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	switch ctor {
	case ctorUint0:
		*v = 0
	case ctorSmallUint:
		*v = uint32(f.u8())
	case ctorUint:
		*v = f.u32()
	default:
		return f.wrong("a uint", ctor)
	}
	return f.err == nil
}

func (f *fields) ulong(v *uint64) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	switch ctor {
	case ctorUlong0:
		*v = 0
	case ctorSmallUlong:
		*v = uint64(f.u8())
	case ctorUlong:
		*v = f.u64()
	default:
		return f.wrong("a ulong", ctor)
	}
	return f.err == nil
}

// millis reads a uint of milliseconds.
func (f *fields) millis(v *time.Duration) bool {
	var ms uint32
	ok := f.uint(&ms)
	if ok {
		*v = time.Duration(ms) * time.Millisecond
	}
	return ok
}

func (f *fields) timestamp(v *time.Time) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorTimestamp {
		return f.wrong("a timestamp", ctor)
	}
	*v = millisTime(int64(f.u64()))
	return f.err == nil
}

func (f *fields) string(v *string) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorString8 && ctor != ctorString32 {
		return f.wrong("a string", ctor)
	}
	*v = f.stringBody(ctor)
	return f.err == nil
}

func (f *fields) symbol(v *Symbol) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorSymbol8 && ctor != ctorSymbol32 {
		return f.wrong("a symbol", ctor)
	}
	*v = f.symbolBody(ctor)
	return f.err == nil
}

// binary reads a binary that points into the frame.
func (f *fields) binary(v *[]byte) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorBinary8 && ctor != ctorBinary32 {
		return f.wrong("a binary", ctor)
	}
	*v = f.sized(ctor)
	return f.err == nil
}

// symbols reads a field of "multiple" symbols: an array or a single one.
func (f *fields) symbols(v *[]Symbol) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	switch x := f.body(ctor, 1).(type) {
	case Symbol:
		*v = []Symbol{x}
	case Array:
		list := make([]Symbol, 0, len(x))
		for _, e := range x {
			s, isSymbol := e.(Symbol)
			if !isSymbol {
				return f.wrong("an array of symbols", ctor)
			}
			list = append(list, s)
		}
		*v = list
	default:
		return f.wrong("symbols", ctor)
	}
	return f.err == nil
}

// mapping reads a map that outlives the frame.
func (f *fields) mapping(v *Map) bool {
	ctor, ok := f.next()
	if !ok {
		return false
	}
	if ctor != ctorMap8 && ctor != ctorMap32 {
		return f.wrong("a map", ctor)
	}
	*v, _ = own(f.decoder.mapping(ctor, 1)).(Map)
	return f.err == nil
}

// any reads a field of any type.
func (f *fields) any(v *Value) bool {
	if f.left == 0 || f.err != nil {
		return false
	}
	f.left--
	*v = own(f.value(1))
	return f.err == nil && *v != nil
}

// described reads the descriptor of a described field; the value itself
// follows in the decoder.
func (f *fields) described() (code byte, ok bool) {
	ctor, ok := f.next()
	if !ok {
		return 0, false
	}
	if ctor != ctorDescribed {
		return 0, f.wrong("a described value", ctor)
	}
	code = f.descriptor()
	return code, f.err == nil
}

// ignore passes over a field that we have no use for.
func (f *fields) ignore() {
	if f.left == 0 || f.err != nil {
		return
	}
	f.left--
	f.check(1)
}

// close passes over fields of a newer protocol and hands budget and error
// back to the decoder the list came from.
func (f *fields) close(d *decoder) {
	for f.left > 0 && f.err == nil {
		f.ignore()
	}
	d.join(&f.decoder)
}

// descriptor reads a descriptor after its 0x00, as number or as symbol.
func (d *decoder) descriptor() byte {
	switch ctor := d.u8(); ctor {
	case ctorSmallUlong:
		return d.u8()
	case ctorUlong:
		if n := d.u64(); n <= 0xff {
			return byte(n)
		}
		d.fail("unknown descriptor")
	case ctorSymbol8, ctorSymbol32:
		name := Symbol(d.sized(ctor))
		code, ok := descriptorCode(name)
		if !ok {
			d.fail("unknown descriptor %q", string(name))
		}
		return code
	default:
		d.fail("descriptor is neither ulong nor symbol but 0x%02x", ctor)
	}
	return 0
}
