package tablestore

import "time"

// ParseTicks reads a time as clients write it: a date, then T, hours and minutes,
// seconds with any digits behind them (those past the seventh are dropped), and Z
// or an offset. What is missing from the right is zero, and the zone UTC.
func ParseTicks(s string) (Ticks, bool) {
	p := timeReader{left: s, ok: true}
	year, month, day := p.number(4), p.after('-', 2), p.after('-', 2)
	var hour, minute, second, fraction, offset int
	if p.skip('T') || p.skip('t') {
		hour, minute = p.number(2), p.after(':', 2)
		if p.skip(':') {
			second = p.number(2)
			fraction = p.fraction()
		}
	}
	offset = p.zone()
	if !p.ok || p.left != "" || year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day {
		return 0, false
	}
	ticks := TicksOf(t) + Ticks(fraction) - Ticks(offset)*60*ticksPerSecond
	return ticks, ticks >= 0 && ticks <= MaxTicks
}

// timeReader reads a time from the left.
type timeReader struct {
	left string
	ok   bool
}

func (p *timeReader) skip(c byte) bool {
	if p.left == "" || p.left[0] != c {
		return false
	}
	p.left = p.left[1:]
	return true
}

// number reads exactly so many digits.
func (p *timeReader) number(digits int) (n int) {
	if len(p.left) < digits {
		p.ok = false
		return 0
	}
	for i := range digits {
		c := p.left[i]
		if c < '0' || c > '9' {
			p.ok = false
			return 0
		}
		n = 10*n + int(c-'0')
	}
	p.left = p.left[digits:]
	return n
}

func (p *timeReader) after(c byte, digits int) int {
	p.ok = p.skip(c) && p.ok
	return p.number(digits)
}

// fraction reads the digits behind a second's point, in ticks.
func (p *timeReader) fraction() (n int) {
	if !p.skip('.') {
		return 0
	}
	digits := 0
	for ; p.left != "" && '0' <= p.left[0] && p.left[0] <= '9'; p.left = p.left[1:] {
		if digits < 7 {
			n = 10*n + int(p.left[0]-'0')
			digits++
		}
	}
	p.ok = p.ok && digits > 0
	for ; digits < 7; digits++ {
		n *= 10
	}
	return n
}

// zone reads Z, an offset or nothing, in minutes.
func (p *timeReader) zone() int {
	sign := 0
	switch {
	case p.skip('Z') || p.skip('z'):
	case p.skip('+'):
		sign = 1
	case p.skip('-'):
		sign = -1
	}
	if sign == 0 {
		return 0
	}
	hours, minutes := p.number(2), p.after(':', 2)
	p.ok = p.ok && hours < 24 && minutes < 60
	return sign * (60*hours + minutes)
}

// ParseGUID reads a GUID of 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
func ParseGUID(s string) (g [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false
	}
	at := 0
	for i := range g {
		if s[at] == '-' {
			at++
		}
		high, low := hexDigit(s[at]), hexDigit(s[at+1])
		if high < 0 || low < 0 {
			return g, false
		}
		g[i] = byte(high<<4 | low)
		at += 2
	}
	return g, true
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
