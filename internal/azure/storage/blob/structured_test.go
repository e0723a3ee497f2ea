package blob

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"testing/iotest"
)

func TestCRC64IsTheOneOfTheProtocol(t *testing.T) {
	h := newCRC64()
	h.Write([]byte("123456789"))
	if got := h.Sum64(); got != 0xAE8B14860A799888 {
		t.Errorf("%X", got)
	}
}

func frame(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := newStructuredWriter(&b, int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStructuredBodies(t *testing.T) {
	for _, n := range []int{0, 1, 100, structuredSegment - 1, structuredSegment, structuredSegment + 1, 3*structuredSegment + 17} {
		content := make([]byte, n)
		for i := range content {
			content[i] = byte(i * 7)
		}
		framed := frame(t, content)
		if int64(len(framed)) != structuredLength(int64(n)) {
			t.Errorf("%d bytes: framed %d, announced %d", n, len(framed), structuredLength(int64(n)))
		}
		got, err := io.ReadAll(newStructuredReader(iotest.HalfReader(bytes.NewReader(framed)), int64(n)))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: %d came back, %v", n, len(got), err)
		}
	}
}

func TestDamagedStructuredBodies(t *testing.T) {
	content := []byte("0123456789")
	whole := frame(t, content)
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x10
		if _, err := io.ReadAll(newStructuredReader(bytes.NewReader(bad), 10)); err == nil {
			t.Errorf("a flipped bit in byte %d is not noticed", i)
		}
	}
	for n := range whole {
		if _, err := io.ReadAll(newStructuredReader(bytes.NewReader(whole[:n]), 10)); err == nil {
			t.Errorf("%d bytes of %d are taken for all", n, len(whole))
		}
	}
	if _, err := io.ReadAll(newStructuredReader(bytes.NewReader(append(bytes.Clone(whole), 0)), 10)); err == nil {
		t.Error("a byte behind the end is not noticed")
	}
	if _, err := io.ReadAll(newStructuredReader(bytes.NewReader(whole), 11)); err == nil {
		t.Error("another length of the content is not noticed")
	}
}

// The sums are optional in the format.
func TestStructuredBodyWithoutSums(t *testing.T) {
	b := []byte{1}
	b = binary.LittleEndian.AppendUint64(b, structuredHeader+segmentHeader+3)
	b = append(b, 0, 0, 1, 0, 1, 0)
	b = binary.LittleEndian.AppendUint64(b, 3)
	b = append(b, "abc"...)
	got, err := io.ReadAll(newStructuredReader(bytes.NewReader(b), 3))
	if err != nil || string(got) != "abc" {
		t.Errorf("%q %v", got, err)
	}
}

func FuzzStructured(f *testing.F) {
	f.Add(frame(f, []byte("hello")), int64(5))
	f.Add(frame(f, nil), int64(0))
	f.Fuzz(func(t *testing.T, body []byte, n int64) {
		if n < 0 {
			return
		}
		got, err := io.ReadAll(newStructuredReader(bytes.NewReader(body), n))
		if err == nil && int64(len(got)) != n {
			t.Fatalf("%d bytes of %d without an error", len(got), n)
		}
	})
}
