package cosmossql

import "time"

// parseDateTime reads a time as the page IS_DATETIME defines it; anything else
// is no time at all:
//
//	YYYY-MM-DD [ ( "T" | " " ) hh:mm:ss [ "." 1 to 7 digits ] ] [ "Z" ]
//
// All times are UTC: an offset is no part of the form.
func parseDateTime(v value) (time.Time, bool) {
	if v.kind != String {
		return time.Time{}, false
	}
	r := dateReader{s: v.text}
	year := r.digits(4, 1, 9999)
	r.skip('-')
	month := r.digits(2, 1, 12)
	r.skip('-')
	day := r.digits(2, 1, 31)
	var hour, minute, second, fraction int
	if r.accept('T') || r.accept(' ') {
		hour = r.digits(2, 0, 23)
		r.skip(':')
		minute = r.digits(2, 0, 59)
		r.skip(':')
		second = r.digits(2, 0, 59)
		if r.accept('.') {
			fraction = r.fraction()
		}
	}
	r.accept('Z')
	if r.bad || len(r.s) > 0 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, fraction*100, time.UTC)
	return t, t.Day() == day // there is no 30 February
}

// dateReader takes a text apart from the left and remembers whether it failed.
type dateReader struct {
	s   []byte
	bad bool
}

// accept takes c if it is next.
func (r *dateReader) accept(c byte) bool {
	if len(r.s) == 0 || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

// skip takes c, which must be next.
func (r *dateReader) skip(c byte) {
	if !r.accept(c) {
		r.bad = true
	}
}

// digits reads a number of exactly n digits between low and high.
func (r *dateReader) digits(n, low, high int) int {
	if len(r.s) < n {
		r.bad = true
		return low
	}
	got := 0
	for _, c := range r.s[:n] {
		r.bad = r.bad || !isDigit(c)
		got = got*10 + int(c-'0')
	}
	r.s = r.s[n:]
	r.bad = r.bad || got < low || got > high
	return got
}

// fraction reads one to seven decimals of a second, in units of 100 ns.
func (r *dateReader) fraction() int {
	n, got := 0, 0
	for ; n < 7 && n < len(r.s) && isDigit(r.s[n]); n++ {
		got = got*10 + int(r.s[n]-'0')
	}
	r.bad = r.bad || n == 0
	r.s = r.s[n:]
	for ; n < 7; n++ {
		got *= 10
	}
	return got
}
