package amqp

import (
	"encoding/binary"
	"fmt"
)

// SectionKind is a message section, by the low byte of its descriptor.
type SectionKind uint8

// The sections in the order in which they may appear (part 3, section 3.2).
const (
	SectionHeader                SectionKind = 0x70
	SectionDeliveryAnnotations   SectionKind = 0x71
	SectionMessageAnnotations    SectionKind = 0x72
	SectionProperties            SectionKind = 0x73
	SectionApplicationProperties SectionKind = 0x74
	SectionData                  SectionKind = 0x75
	SectionSequence              SectionKind = 0x76
	SectionValue                 SectionKind = 0x77
	SectionFooter                SectionKind = 0x78
)

// Section is one section of an encoded message.
//
//	┌──────┬───────────┬──────┬───────┐
//	│ 0x00 │ 0x53 kind │ ctor │ value │   Raw: all of it
//	└──────┴───────────┴──────┴───────┘   Body: from ctor on
//
// The descriptor may also be a full ulong or a symbol.
type Section struct {
	Kind SectionKind
	Raw  []byte
	Body []byte
}

// Binary returns the bytes of a Data section, without copying.
func (s Section) Binary() ([]byte, error) {
	d := newDecoder(s.Body)
	ctor := d.u8()
	if ctor != ctorBinary8 && ctor != ctorBinary32 {
		return nil, decodeError("section 0x%02x is not a binary", byte(s.Kind))
	}
	b := d.sized(ctor)
	return b, d.err
}

// Sections walks over an encoded message without allocating:
//
//	for it := amqp.ScanSections(payload); it.Next(); {
//		use(it.Section)
//	}
//	if err := it.Err(); err != nil { … }
type Sections struct {
	Section  Section
	rest     []byte
	err      error
	anyOrder bool
	seen     uint16 // kinds met so far, one bit each; with anyOrder
}

// ScanSections returns an iterator over b. It checks that sections come in
// the protocol's order and that sizes fit; the values inside are checked by
// whoever decodes them, or by CheckMessage.
func ScanSections(b []byte) Sections { return Sections{rest: b} }

// ScanAnyOrder returns an iterator over a message whose sections may come in any
// order, as some clients write them. What else ScanSections checks holds: only
// Data and Sequence repeat, and a body has one form.
func ScanAnyOrder(b []byte) Sections { return Sections{rest: b, anyOrder: true} }

// Next moves to the next section.
func (s *Sections) Next() bool {
	if len(s.rest) == 0 || s.err != nil {
		return false
	}
	d := newDecoder(s.rest)
	if ctor := d.u8(); ctor != ctorDescribed {
		s.err = decodeError("message section starts with 0x%02x and not with a described value", ctor)
		return false
	}
	kind := SectionKind(d.descriptor())
	body := d.b
	d.skip(0)
	if d.err != nil {
		s.err = d.err
		return false
	}
	if kind < SectionHeader || kind > SectionFooter {
		s.err = decodeError("0x%02x is not a message section", byte(kind))
		return false
	}
	if last := s.Section.Kind; !s.mayCome(kind) {
		s.err = decodeError("message section 0x%02x after 0x%02x", byte(kind), byte(last))
		return false
	}
	s.Section = Section{
		Kind: kind,
		Raw:  s.rest[: len(s.rest)-len(d.b) : len(s.rest)-len(d.b)],
		Body: body[: len(body)-len(d.b) : len(body)-len(d.b)],
	}
	s.rest = d.b
	return true
}

// Rest returns the bytes after the current section.
func (s *Sections) Rest() []byte { return s.rest }

// Err returns what stopped the walk, nil at the orderly end. It is an *Error
// with condition amqp:decode-error.
func (s *Sections) Err() error { return s.err }

// mayCome reports whether the section may stand at this place.
func (s *Sections) mayCome(kind SectionKind) bool {
	if !s.anyOrder {
		return mayFollow(s.Section.Kind, kind)
	}
	const bodies = 1<<(SectionData-SectionHeader) | 1<<(SectionSequence-SectionHeader) | 1<<(SectionValue-SectionHeader)
	bit := uint16(1) << (kind - SectionHeader)
	clash := bit // what must not have been met
	switch kind {
	case SectionData, SectionSequence:
		clash = bodies &^ bit
	case SectionValue:
		clash = bodies
	}
	met := s.seen
	s.seen |= bit
	return met&clash == 0
}

// mayFollow holds the order of sections: rising, only Data and Sequence
// repeat, and a body has one form.
func mayFollow(last, next SectionKind) bool {
	if next == last {
		return next == SectionData || next == SectionSequence
	}
	if last >= SectionData && next <= SectionValue {
		return false
	}
	return next > last
}

// CheckMessage walks all sections down to their leaves, so that a message can
// be stored and sent to strangers without harm. It does not allocate, and its
// work grows with the size of b alone.
func CheckMessage(b []byte) error {
	values := MaxValues + len(b) // for the whole message: some elements take no bytes
	it := ScanSections(b)
	for it.Next() {
		d := decoder{b: it.Section.Body, values: values}
		want, ctor := sectionShape(it.Section.Kind), it.Section.Body[0]
		if want != 0 && !sameShape(want, ctor) {
			return decodeError("section 0x%02x holds 0x%02x", byte(it.Section.Kind), ctor)
		}
		if d.check(0); d.err != nil {
			return d.err
		}
		values = d.values
	}
	return it.Err()
}

// sectionShape returns the narrow constructor of a section's value, 0 for any.
func sectionShape(kind SectionKind) byte {
	switch kind {
	case SectionData:
		return ctorBinary8
	case SectionValue:
		return 0
	case SectionHeader, SectionProperties, SectionSequence:
		return ctorList8
	}
	return ctorMap8
}

func sameShape(want, ctor byte) bool {
	return ctor == want || ctor == want|0x10 || want == ctorList8 && ctor == ctorList0
}

// AppendMapSection appends an annotations or application-properties section
// made of already encoded pairs: the concatenation of all parts. count is the
// number of values in them, twice the number of pairs.
func AppendMapSection(dst []byte, kind SectionKind, count int, parts ...[]byte) []byte {
	size := 4
	for _, p := range parts {
		size += len(p)
	}
	dst = append(dst, ctorDescribed, ctorSmallUlong, byte(kind), ctorMap32)
	dst = binary.BigEndian.AppendUint32(dst, uint32(size))
	dst = binary.BigEndian.AppendUint32(dst, uint32(count))
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

// AppendDataSection appends a Data section holding b.
func AppendDataSection(dst []byte, b []byte) []byte {
	return append(AppendDataHeader(dst, len(b)), b...)
}

// AppendDataHeader appends the head of a Data section of n bytes; the caller
// appends those.
func AppendDataHeader(dst []byte, n int) []byte {
	return appendVariableHead(append(dst, ctorDescribed, ctorSmallUlong, byte(SectionData)), ctorBinary8, n)
}

func decodeError(format string, args ...any) *Error {
	return &Error{Condition: ErrDecode, Description: fmt.Sprintf(format, args...)}
}
