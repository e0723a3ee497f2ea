package amqp

import "slices"

// InOrder returns the message with its sections in the protocol's order: b
// itself when they are, else a copy. Sections that repeat keep their order among
// themselves. The values inside are not looked at.
//
// The protocol knows one order (part 3, section 3.2), and stored messages are
// read relying on it; but JavaScript's encoder puts the footer before the body,
// and Python's the delivery annotations last.
func InOrder(b []byte) ([]byte, error) {
	strict := ScanSections(b)
	for strict.Next() {
	}
	if strict.Err() == nil {
		return b, nil
	}
	var sections []Section
	it := ScanAnyOrder(b)
	for it.Next() {
		sections = append(sections, it.Section)
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(sections, func(a, b Section) int { return int(a.Kind) - int(b.Kind) })
	ordered := make([]byte, 0, len(b))
	for _, s := range sections {
		ordered = append(ordered, s.Raw...)
	}
	return ordered, nil
}
