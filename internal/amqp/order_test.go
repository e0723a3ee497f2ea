package amqp

import (
	"bytes"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the order in which a message's sections come, InOrder gives the one
// message, with repeated sections in the order in which they came.
func TestAnyOrderOfSectionsIsPutRight(t *testing.T) {
	want := encode(t, fullMessage())
	var parts [][]byte
	data := 0 // the index of the first of the two Data sections
	for it := ScanSections(want); it.Next(); {
		if it.Section.Kind == SectionData && data == 0 {
			data = len(parts)
		}
		parts = append(parts, it.Section.Raw)
	}
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(sequenceOf(len(parts))).Draw(t, "order")
		first, second := indexOf(order, data), indexOf(order, data+1)
		if first > second {
			order[first], order[second] = order[second], order[first]
		}
		var mixed []byte
		for _, i := range order {
			mixed = append(mixed, parts[i]...)
		}
		got, err := InOrder(mixed)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("order %v: %v\n%x", order, err, got)
		}
	})
	if got, err := InOrder(want); err != nil || &got[0] != &want[0] {
		t.Errorf("a message in order was copied, or refused: %v", err)
	}
}

func sequenceOf(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func indexOf(order []int, v int) int {
	for i, x := range order {
		if x == v {
			return i
		}
	}
	return -1
}

func TestNoOrderMendsTheseMessages(t *testing.T) {
	for what, in := range map[string]string{
		"two footers":         "005378" + "c10100" + "005375" + "a000" + "005378" + "c10100",
		"data and value":      "005375" + "a000" + "005377" + "40",
		"value, footer, data": "005377" + "40" + "005378" + "c10100" + "005375" + "a000",
		"two values":          "005377" + "40" + "005370" + "45" + "005377" + "40",
		"sequence and data":   "005376" + "45" + "005375" + "a000",
		"cut short":           "005378" + "c10100" + "005375" + "a005" + "01",
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := InOrder(b); err == nil {
			t.Errorf("%s: became %x", what, got)
		}
	}
}
