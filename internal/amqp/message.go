package amqp

import "time"

// BatchFormat is the message format of a batch: each Data section of the body
// is one complete encoded message (Service Bus and Event Hubs).
const BatchFormat uint32 = 0x80013700

// Header is the transport header section (part 3, section 3.2.1).
type Header struct {
	Durable       bool
	Priority      uint8         // 4 is normal, and what an absent field means
	TTL           time.Duration // zero: none
	FirstAcquirer bool
	DeliveryCount uint32
}

// Properties is the immutable properties section (part 3, section 3.2.4).
// Nil and zero fields are absent.
type Properties struct {
	MessageID          Value // uint64, UUID, []byte or string
	UserID             []byte
	To                 string
	Subject            string
	ReplyTo            string
	CorrelationID      Value // as MessageID
	ContentType        Symbol
	ContentEncoding    Symbol
	AbsoluteExpiryTime time.Time
	CreationTime       time.Time
	GroupID            string
	GroupSequence      *uint32
	ReplyToGroupID     string
}

// Message is a message in decoded form, for requests and replies where
// comfort matters more than speed. One body form is set: Data, or Sequences,
// or HasValue with Value; all empty is a message without body.
type Message struct {
	Header                *Header
	DeliveryAnnotations   Map
	Annotations           Map
	Properties            *Properties
	ApplicationProperties Map
	Data                  [][]byte
	Sequences             [][]any
	Value                 Value
	HasValue              bool
	Footer                Map
}

// ParseMessage decodes a message of at most MaxValues values. Data and other
// binary values point into b.
func ParseMessage(b []byte) (*Message, error) {
	m := &Message{}
	it, values := ScanSections(b), MaxValues
	for it.Next() {
		d := decoder{b: it.Section.Body, values: values}
		if err := m.parseSection(it.Section, &d); err != nil {
			return nil, err
		}
		values = d.values
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Message) parseSection(s Section, d *decoder) (err error) {
	switch s.Kind {
	case SectionHeader:
		m.Header = decodeHeader(d)
	case SectionDeliveryAnnotations:
		m.DeliveryAnnotations = d.sectionMap()
	case SectionMessageAnnotations:
		m.Annotations = d.sectionMap()
	case SectionProperties:
		m.Properties = decodeProperties(d)
	case SectionApplicationProperties:
		m.ApplicationProperties = d.sectionMap()
	case SectionData:
		var data []byte
		if data, err = s.Binary(); err == nil {
			m.Data = append(m.Data, data)
		}
		return err
	case SectionSequence:
		list, ok := d.value(0).([]any)
		if !ok {
			d.fail("sequence section is not a list")
		}
		m.Sequences = append(m.Sequences, list)
	case SectionValue:
		m.Value, m.HasValue = d.value(0), true
	case SectionFooter:
		m.Footer = d.sectionMap()
	}
	return d.err
}

// sectionMap reads a map, which an encoder may leave null when it is empty.
func (d *decoder) sectionMap() Map {
	switch m := d.value(0).(type) {
	case Map:
		return m
	case nil:
	default:
		d.fail("section is not a map but %T", m)
	}
	return nil
}

func decodeHeader(d *decoder) *Header {
	h := &Header{Priority: 4}
	f := openFields(d, "header")
	f.bool(&h.Durable)
	f.ubyte(&h.Priority)
	f.millis(&h.TTL)
	f.bool(&h.FirstAcquirer)
	f.uint(&h.DeliveryCount)
	f.close(d)
	return h
}

// ParseProperties decodes a properties section.
func ParseProperties(s Section) (*Properties, error) {
	d := decoder{b: s.Body, values: MaxValues}
	p := decodeProperties(&d)
	return p, d.err
}

func decodeProperties(d *decoder) *Properties {
	p := &Properties{}
	f := openFields(d, "properties")
	f.any(&p.MessageID)
	f.binary(&p.UserID)
	f.address(&p.To)
	f.string(&p.Subject)
	f.address(&p.ReplyTo)
	f.any(&p.CorrelationID)
	f.symbol(&p.ContentType)
	f.symbol(&p.ContentEncoding)
	f.timestamp(&p.AbsoluteExpiryTime)
	f.timestamp(&p.CreationTime)
	f.string(&p.GroupID)
	var sequence uint32
	if f.uint(&sequence) {
		p.GroupSequence = &sequence
	}
	f.string(&p.ReplyToGroupID)
	f.close(d)
	return p
}

// Append appends the encoded message to dst. It fails on Go types outside the
// table at Value.
func (m *Message) Append(dst []byte) ([]byte, error) {
	if m.Header != nil {
		dst = m.Header.append(dst)
	}
	var err error
	section := func(kind SectionKind, v Value) {
		if err == nil {
			dst, err = AppendValue(append(dst, ctorDescribed, ctorSmallUlong, byte(kind)), v)
		}
	}
	mapping := func(kind SectionKind, v Map) {
		if v != nil {
			section(kind, v)
		}
	}
	mapping(SectionDeliveryAnnotations, m.DeliveryAnnotations)
	mapping(SectionMessageAnnotations, m.Annotations)
	if m.Properties != nil && err == nil {
		dst, err = m.Properties.append(dst)
	}
	mapping(SectionApplicationProperties, m.ApplicationProperties)
	for _, b := range m.Data {
		dst = AppendDataSection(dst, b)
	}
	for _, list := range m.Sequences {
		section(SectionSequence, list)
	}
	if m.HasValue {
		section(SectionValue, m.Value)
	}
	mapping(SectionFooter, m.Footer)
	return dst, err
}

func (h *Header) append(dst []byte) []byte {
	w := openList(dst, byte(SectionHeader))
	w.bool(h.Durable)
	w.ubyte(h.Priority)
	w.optionalUint(h.TTL > 0, durationMillis(h.TTL))
	w.bool(h.FirstAcquirer)
	w.uint(h.DeliveryCount)
	return w.close()
}

func (p *Properties) append(dst []byte) ([]byte, error) {
	w := openList(dst, byte(SectionProperties))
	w.value(p.MessageID)
	if p.UserID == nil {
		w.null()
	} else {
		w.binary(p.UserID)
	}
	w.optionalString(p.To)
	w.optionalString(p.Subject)
	w.optionalString(p.ReplyTo)
	w.value(p.CorrelationID)
	w.optionalSymbol(p.ContentType)
	w.optionalSymbol(p.ContentEncoding)
	w.optionalTime(p.AbsoluteExpiryTime)
	w.optionalTime(p.CreationTime)
	w.optionalString(p.GroupID)
	if p.GroupSequence == nil {
		w.null()
	} else {
		w.uint(*p.GroupSequence)
	}
	w.optionalString(p.ReplyToGroupID)
	return w.close(), w.err
}

func (w *listWriter) optionalTime(t time.Time) {
	if t.IsZero() {
		w.null()
		return
	}
	w.b = AppendTimestamp(w.b, t)
	w.count++
}
