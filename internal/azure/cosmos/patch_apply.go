package cosmos

import (
	"math"
	"strconv"
)

// A patch is applied by splicing the document's text: each operation finds the
// bytes of its target and replaces, inserts or cuts them. What the patch does
// not name stays byte for byte as it was.

// slot is a place in a document that an operation acts on: a member of an
// object or an element of an array, present or not.
type slot struct {
	inArray bool
	index   int // in an array: the element's place
	count   int // of members or elements that the holder has

	found              bool // the member or element is there
	keyStart           int  // of the member's name; for elements the value's start
	valStart, valEnd   int
	holder, holderEnd  int // the opening and the offset behind the closing bracket
	prevEnd, nextStart int // neighbours of what is found: -1 when there is none
}

// apply returns the document after all operations. doc is not changed.
func (d *patchDocument) apply(doc []byte) ([]byte, error) {
	for i := range d.operations {
		next, err := d.operations[i].apply(doc)
		if err != nil {
			return nil, err
		}
		doc = next
	}
	return doc, nil
}

func (p *patchOperation) apply(doc []byte) ([]byte, error) {
	if p.op == "move" {
		from, ok := findSlot(doc, p.from)
		if !ok || !from.found {
			return nil, p.bad("its from path does not exist")
		}
		value := append([]byte(nil), doc[from.valStart:from.valEnd]...)
		add := patchOperation{op: "add", path: p.path, value: value, index: p.index}
		return add.apply(from.cut(doc))
	}
	s, ok := findSlot(doc, p.path)
	if !ok {
		return nil, p.bad("its parent does not exist or is no object or array")
	}
	switch p.op {
	case "replace":
		if !s.found {
			return nil, p.bad("its path does not exist")
		}
		return splice(doc, s.valStart, s.valEnd, p.value), nil
	case "remove":
		if !s.found {
			return nil, p.bad("its path does not exist")
		}
		return s.cut(doc), nil
	case "incr":
		if !s.found {
			return s.insert(doc, p.lastName(), p.value), nil
		}
		sum, ok := addNumbers(doc[s.valStart:s.valEnd], p.value)
		if !ok {
			return nil, p.bad("its target is not a number, or the sum is too large")
		}
		return splice(doc, s.valStart, s.valEnd, sum), nil
	case "set":
		if s.found {
			return splice(doc, s.valStart, s.valEnd, p.value), nil
		}
	case "add":
		if s.found && !s.inArray {
			return splice(doc, s.valStart, s.valEnd, p.value), nil
		}
	}
	return s.insert(doc, p.lastName(), p.value), nil
}

func (p *patchOperation) lastName() string { return p.path[len(p.path)-1] }

// findSlot walks the path from the document's root. ok is false when the
// holder of the last segment is missing, is a scalar, or is an array and the
// segment no index into it.
func findSlot(doc []byte, path []string) (slot, bool) {
	at := skipSpace(doc, 0)
	for i, segment := range path {
		s, ok := slotIn(doc, at, segment)
		if !ok || i == len(path)-1 {
			return s, ok
		}
		if !s.found {
			return s, false
		}
		at = s.valStart
	}
	return slot{}, false
}

// slotIn finds a segment in the object or array that opens at holder.
func slotIn(doc []byte, holder int, segment string) (slot, bool) {
	s := slot{holder: holder, prevEnd: -1, nextStart: -1}
	var err error
	last := -1 // end of the entry before
	note := func(match bool, keyStart, valStart, valEnd int) {
		switch {
		case match:
			s.found, s.keyStart, s.valStart, s.valEnd, s.prevEnd, s.nextStart = true, keyStart, valStart, valEnd, last, -1
		case s.found && s.nextStart < 0:
			s.nextStart = keyStart
		}
		last = valEnd
		s.count++
	}
	switch doc[holder] {
	case '{':
		s.holderEnd, err = eachMember(doc, holder, 0, func(m member) error {
			name, err := unquote(doc[m.keyStart:m.keyEnd])
			note(name == segment, m.keyStart, m.valStart, m.valEnd)
			return err
		})
		return s, err == nil
	case '[':
		s.inArray = true
		s.holderEnd, err = eachElement(doc, holder, 0, func(start, end int) error {
			i, ok := arrayIndex(segment, math.MaxInt32)
			note(ok && segment != "-" && i == s.count, start, start, end)
			return nil
		})
		var ok bool
		s.index, ok = arrayIndex(segment, s.count)
		return s, err == nil && ok
	}
	return s, false
}

// cut removes the slot's member or element with one of its commas.
func (s *slot) cut(doc []byte) []byte {
	start, end := s.keyStart, s.valEnd
	if s.nextStart >= 0 {
		end = s.nextStart
	} else if s.prevEnd >= 0 {
		start = s.prevEnd
	}
	return splice(doc, start, end, nil)
}

// insert puts a value into the slot: before the element that is there, else as
// the holder's last entry.
func (s *slot) insert(doc []byte, name string, value []byte) []byte {
	entry := make([]byte, 0, len(name)+len(value)+4)
	if s.found {
		entry = append(append(entry, value...), ',')
		return splice(doc, s.valStart, s.valStart, entry)
	}
	if s.count > 0 {
		entry = append(entry, ',')
	}
	if !s.inArray {
		entry = append(appendQuoted(entry, name), ':')
	}
	entry = append(entry, value...)
	return splice(doc, s.holderEnd-1, s.holderEnd-1, entry)
}

// splice returns doc with the bytes from start to end replaced.
func splice(doc []byte, start, end int, with []byte) []byte {
	out := make([]byte, 0, len(doc)-(end-start)+len(with))
	out = append(out, doc[:start]...)
	out = append(out, with...)
	return append(out, doc[end:]...)
}

// addNumbers adds two JSON numbers: exactly when both are integers that fit 64
// bits, else as float64.
func addNumbers(a, b []byte) ([]byte, bool) {
	if !isNumber(a) {
		return nil, false
	}
	x, errX := strconv.ParseInt(string(a), 10, 64)
	y, errY := strconv.ParseInt(string(b), 10, 64)
	if errX == nil && errY == nil && (y >= 0) == (x+y >= x) {
		return strconv.AppendInt(nil, x+y, 10), true
	}
	f, errF := strconv.ParseFloat(string(a), 64)
	g, errG := strconv.ParseFloat(string(b), 64)
	sum := f + g
	if errF != nil || errG != nil || math.IsInf(sum, 0) {
		return nil, false
	}
	return strconv.AppendFloat(nil, sum, 'g', -1, 64), true
}
