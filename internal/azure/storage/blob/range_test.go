package blob

import "testing"

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		header string
		size   int64
		off, n int64
		form   bool // the header is a range at all
		ok     bool // of a blob of that size
	}{
		{"bytes=0-0", 1, 0, 1, true, true},
		{"bytes=0-", 10, 0, 10, true, true},
		{"bytes=3-5", 10, 3, 3, true, true},
		{"bytes=3-500", 10, 3, 7, true, true},
		{"bytes=9-", 10, 9, 1, true, true},
		{"bytes=10-", 10, 0, 0, true, false},
		{"bytes=0-", 0, 0, 0, true, false},
		{"bytes=0-9223372036854775807", 10, 0, 10, true, true},
		{"bytes=-5", 10, 0, 0, false, false},
		{"bytes=5-3", 10, 0, 0, false, false},
		{"bytes=0-1,3-4", 10, 0, 0, false, false},
		{"bytes=+1-2", 10, 0, 0, false, false},
		{"items=0-1", 10, 0, 0, false, false},
		{"bytes=99999999999999999999-", 10, 0, 0, false, false},
		{"", 10, 0, 0, false, false},
	} {
		s, form := parseRange(c.header)
		if form != c.form {
			t.Errorf("%q: a range: %v", c.header, form)
			continue
		}
		if !form {
			continue
		}
		off, n, ok := s.within(c.size)
		if off != c.off || n != c.n || ok != c.ok {
			t.Errorf("%q of %d: %d+%d %v, want %d+%d %v", c.header, c.size, off, n, ok, c.off, c.n, c.ok)
		}
	}
}

func TestPageRanges(t *testing.T) {
	for header, want := range map[string]bool{"bytes=0-511": true, "bytes=512-1535": true, "bytes=0-510": false, "bytes=1-512": false, "bytes=0-": false} {
		s, _ := parseRange(header)
		if _, _, ok := s.pages(); ok != want {
			t.Errorf("%s: %v", header, ok)
		}
	}
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=5-", "bytes=-5", "bytes=0-0,1-1", "bytes= 1 - 2", "bytes=18446744073709551615-"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		s, ok := parseRange(header)
		if !ok || size < 0 {
			return
		}
		off, n, ok := s.within(size)
		if ok && (off < 0 || n < 1 || off+n > size) {
			t.Fatalf("%q of %d: %d+%d", header, size, off, n)
		}
	})
}
