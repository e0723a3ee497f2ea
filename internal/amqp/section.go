package amqp

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
type Section struct {
	Kind SectionKind
	Raw  []byte // descriptor and value
	Body []byte // the value alone, with its constructor
}

// Binary returns the bytes of a Data section.
func (s Section) Binary() ([]byte, error) { return nil, nil }

// Map returns the raw map of an annotations or properties section.
func (s Section) Map() (RawMap, error) { return RawMap{}, nil }

// Sections walks over an encoded message without allocating:
//
//	for it := amqp.ScanSections(payload); it.Next(); { it.Section … }
//	if err := it.Err(); err != nil { … }
type Sections struct {
	Section Section
	rest    []byte
	err     error
}

// ScanSections returns an iterator over b. It checks that sections come in
// order and that sizes fit; the values inside are checked by whoever decodes
// them.
func ScanSections(b []byte) Sections { return Sections{rest: b} }

// Next moves to the next section.
func (s *Sections) Next() bool { return false }

// Err returns what stopped the walk, nil at the orderly end. It is an *Error
// with condition amqp:decode-error.
func (s *Sections) Err() error { return s.err }

// CheckMessage walks all sections and also their values, so that a message
// can be stored and sent to strangers without harm. It does not allocate.
func CheckMessage(b []byte) error { return nil }

// RawMap is an encoded map: its pairs without the map's own header.
type RawMap struct {
	Pairs []byte // key, value, key, value … encoded
	Count int    // values, so twice the number of pairs
}

// Lookup returns the encoded value of a string or symbol key, without
// allocating.
func (m RawMap) Lookup(key string) (value []byte, ok bool) { return nil, false }

// AppendMapSection appends an annotations or application-properties section
// made of already encoded pairs: the concatenation of all parts. count is the
// number of values in them, twice the number of pairs.
func AppendMapSection(dst []byte, kind SectionKind, count int, parts ...[]byte) []byte { return dst }

// AppendDataSection appends a Data section holding b.
func AppendDataSection(dst []byte, b []byte) []byte { return dst }

// AppendDataHeader appends the head of a Data section of n bytes; the caller
// appends those.
func AppendDataHeader(dst []byte, n int) []byte { return dst }
