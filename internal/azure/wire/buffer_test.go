package wire

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFill(t *testing.T) {
	long := strings.Repeat("x", 10<<10)
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		limit  int
		want   string
		err    error
	}{
		"empty":            {strings.NewReader(""), 0, 10, "", nil},
		"as said":          {strings.NewReader("abc"), 3, 10, "abc", nil},
		"nothing said":     {iotest.OneByteReader(strings.NewReader(long)), -1, len(long), long, nil},
		"at the limit":     {strings.NewReader(long), int64(len(long)), len(long), long, nil},
		"too large, said":  {iotest.ErrReader(errors.New("read")), 11, 10, "", ErrTooLarge},
		"too large, quiet": {strings.NewReader("elevenbytes"), -1, 10, "elevenbytes", ErrTooLarge},
		"cut off":          {iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))), 3, 10, "a", iotest.ErrTimeout},
	} {
		var p Buffers
		b := p.Get()
		if err := b.Fill(c.body, c.length, c.limit); !errors.Is(err, c.err) || string(b.B) != c.want {
			t.Errorf("%s: %.20q, %v", name, b.B, err)
		}
		p.Put(b)
	}
}
