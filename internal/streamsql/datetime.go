package streamsql

import "time"

// ticksOfUnix is 1970-01-01 in ticks since 0001-01-01.
const ticksOfUnix = 621355968000000000

// maxTicks is the last tick of year 9999.
const maxTicks = 3155378975999999999

// TicksOf returns a time in ticks, cut to 100 ns.
func TicksOf(t time.Time) int64 {
	return t.Unix()*TicksPerSecond + int64(t.Nanosecond()/100) + ticksOfUnix
}

// TimeOf returns ticks as a time in UTC.
func TimeOf(ticks int64) time.Time {
	ticks -= ticksOfUnix
	s := floorTo(ticks, TicksPerSecond)
	return time.Unix(s/TicksPerSecond, (ticks-s)*100).UTC()
}

// AppendDateTime appends 2022-05-04T20:30:00.0000000Z.
func AppendDateTime(dst []byte, ticks int64) []byte {
	days := floorTo(ticks, TicksPerDay)
	rest := ticks - days
	y, m, d := civil(int(days / TicksPerDay))
	sec := int(rest / TicksPerSecond)
	dst = appendPadded(dst, y, 4)
	dst = appendPadded(append(dst, '-'), m, 2)
	dst = appendPadded(append(dst, '-'), d, 2)
	dst = appendPadded(append(dst, 'T'), sec/3600, 2)
	dst = appendPadded(append(dst, ':'), sec/60%60, 2)
	dst = appendPadded(append(dst, ':'), sec%60, 2)
	dst = appendPadded(append(dst, '.'), int(rest%TicksPerSecond), 7)
	return append(dst, 'Z')
}

func appendPadded(dst []byte, n, width int) []byte {
	at := len(dst) + width
	for range width {
		dst = append(dst, '0')
	}
	for i := at - 1; n > 0 && i >= at-width; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// daysOf returns the number of days from 0001-01-01 to a date of the proleptic
// Gregorian calendar. The year is counted from March, so that the leap day is
// its last.
func daysOf(y, m, d int) int {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 306
}

// civil is the inverse of daysOf, for dates from 0001-01-01.
func civil(days int) (y, m, d int) {
	days += 306
	era := days / 146097
	doe := days % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	y = yoe + era*400
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

func daysInMonth(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// ParseDateTime reads ISO 8601 in the extended form, 2022-05-04,
// 2022-05-04T20:30, 2022-05-04 20:30:00.1234567, and the basic one, 20220504,
// 20220504T2030, 20220504T203000.1234567Z; with Z, +09:00, +0900, +09 or no zone,
// which means UTC. Days may be counted in the year or in weeks: 2022-124, 2022124,
// 2022-W18-3, 2022W183. Digits beyond 100 ns are cut. ok is false for anything
// else, and outside of the years 1 to 9999.
func ParseDateTime(s string) (ticks int64, ok bool) {
	p := dateParser{s: s}
	if ticks, ok = plainDateTime(s); ok {
		p.i = plainLength
		return p.rest(ticks + p.fraction())
	}
	return p.dateTime()
}

// dateParser goes bad once and is checked at the end.
type dateParser struct {
	s   string
	i   int
	bad bool
}

func (p *dateParser) dateTime() (ticks int64, ok bool) {
	p.blanks()
	ticks = int64(p.date()) * TicksPerDay
	if p.bad {
		return 0, false
	}
	if p.accept('T') || p.accept('t') || p.accept(' ') && p.digitNext() {
		return p.rest(ticks + p.clock())
	}
	p.blanks()
	if p.bad || p.i != len(p.s) {
		return 0, false
	}
	return ticks, true
}

// rest reads what follows the clock.
func (p *dateParser) rest(local int64) (ticks int64, ok bool) {
	ticks = local - p.zone()
	p.blanks()
	if p.bad || p.i != len(p.s) || ticks < 0 || ticks > maxTicks {
		return 0, false
	}
	return ticks, true
}

func (p *dateParser) blanks() {
	for p.i < len(p.s) && p.s[p.i] == ' ' {
		p.i++
	}
}

func (p *dateParser) digitNext() bool { return p.i < len(p.s) && isDigit(p.s[p.i]) }

func (p *dateParser) accept(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *dateParser) need(c byte) {
	if !p.accept(c) {
		p.bad = true
	}
}

// number reads exactly n digits.
func (p *dateParser) number(n int) (v int) {
	for range n {
		if !p.digitNext() {
			p.bad = true
			return 0
		}
		v = v*10 + int(p.s[p.i]-'0')
		p.i++
	}
	return v
}

// date reads a day in any form and returns its days since 0001-01-01.
func (p *dateParser) date() int {
	y := p.number(4)
	if p.bad || y < 1 {
		p.bad = true
		return 0
	}
	extended := p.accept('-')
	if p.accept('W') || p.accept('w') {
		return p.week(y, extended)
	}
	if digits := p.digits(); digits == 3 { // 2022-124, 2022124
		return p.dayOfYear(y)
	} else if !extended && digits != 4 {
		p.bad = true // 202205 could be two things
	}
	m := p.number(2)
	if extended {
		p.need('-')
	}
	return p.day(y, m, p.number(2))
}

// day checks a date and returns its days since 0001-01-01.
func (p *dateParser) day(y, m, d int) int {
	if p.bad || y < 1 || m < 1 || m > 12 || d < 1 || d > daysInMonth(y, m) {
		p.bad = true
		return 0
	}
	return daysOf(y, m, d)
}

// digits counts the digits that follow.
func (p *dateParser) digits() (n int) {
	for p.i+n < len(p.s) && isDigit(p.s[p.i+n]) {
		n++
	}
	return n
}

func (p *dateParser) dayOfYear(y int) int {
	n := p.number(3)
	if n < 1 || n > daysOf(y+1, 1, 1)-daysOf(y, 1, 1) {
		p.bad = true
	}
	return daysOf(y, 1, 1) + n - 1
}

// week reads ww-d or wwd. Week 1 is the one with January 4th; days count from
// Monday, as 0001-01-01 was.
func (p *dateParser) week(y int, extended bool) int {
	w := p.number(2)
	if extended {
		p.need('-')
	}
	d := p.number(1)
	fourth := daysOf(y, 1, 4)
	day := fourth - fourth%7 + (w-1)*7 + d - 1
	if next := daysOf(y+1, 1, 4); w < 1 || d < 1 || d > 7 || day >= next-next%7 {
		p.bad = true
	}
	return day
}

// clock reads hh[:mm[:ss[.fraction]]], or the same without colons.
func (p *dateParser) clock() int64 {
	h, m, s := p.number(2), 0, 0
	var fraction int64
	if extended := p.accept(':'); extended || p.digitNext() {
		m = p.number(2)
		if extended && p.accept(':') || !extended && p.digitNext() {
			s = p.number(2)
			fraction = p.fraction()
		}
	}
	if h > 23 || m > 59 || s > 59 {
		p.bad = true
	}
	return int64(h*3600+m*60+s)*TicksPerSecond + fraction
}

// fraction reads the digits behind the seconds, if there are any.
func (p *dateParser) fraction() (ticks int64) {
	if !p.accept('.') && !p.accept(',') {
		return 0
	}
	from := p.i
	for ; p.digitNext(); p.i++ {
		if p.i-from < len(ticksOfDigits)-1 {
			ticks = ticks*10 + int64(p.s[p.i]-'0')
		}
	}
	if p.i == from {
		p.bad = true
	}
	return ticks * ticksOfDigits[min(p.i-from, len(ticksOfDigits)-1)]
}

// ticksOfDigits is what the last of so many digits behind the point counts.
var ticksOfDigits = [8]int64{TicksPerSecond, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1}

// zone reads Z, ±hh:mm, ±hhmm, ±hh or nothing.
func (p *dateParser) zone() int64 {
	p.blanks()
	if p.accept('Z') || p.accept('z') {
		return 0
	}
	sign := int64(1)
	if p.accept('-') {
		sign = -1
	} else if !p.accept('+') {
		return 0
	}
	h, m := p.number(2), 0
	if p.accept(':') || p.digitNext() {
		m = p.number(2)
	}
	if h > 14 || m > 59 {
		p.bad = true
	}
	return sign * int64(h*60+m) * TicksPerMinute
}
