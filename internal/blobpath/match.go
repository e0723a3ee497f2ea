package blobpath

import (
	"strconv"
	"strings"
	"time"
)

// Match is what a blob's name says.
type Match struct {
	At        time.Time // the beginning of the time in it; zero without
	Partition int
}

// Match reads a blob's name. ok is false for one that is not of the pattern, or
// holds no time that there is.
func (p *Pattern) Match(name string) (m Match, ok bool) {
	numbers := map[kind]int{}
	for _, x := range p.parts {
		if x.kind == literal {
			if name, ok = strings.CutPrefix(name, x.text); !ok {
				return m, false
			}
			continue
		}
		n, rest, ok := number(name, x)
		if had, twice := numbers[x.kind]; !ok || twice && had != n {
			return m, false
		}
		numbers[x.kind], name = n, rest
	}
	if !p.ends(name) {
		return m, false
	}
	m.Partition = numbers[partition]
	m.At, ok = moment(numbers)
	return m, ok
}

// number reads the digits of a part: those of the partition go on as far as they
// do.
func number(name string, x part) (n int, rest string, ok bool) {
	width := x.width
	if width == 0 {
		width = len(name) - len(strings.TrimLeft(name, "0123456789"))
	}
	if width == 0 || width > 9 || len(name) < width || strings.Trim(name[:width], "0123456789") != "" {
		return 0, "", false
	}
	n, err := strconv.Atoi(name[:width])
	return n, name[width:], err == nil
}

// ends reports whether a name may go on so behind the pattern.
func (p *Pattern) ends(rest string) bool {
	if rest == "" || p.use != Input || len(p.parts) == 0 {
		return p.use == Input || rest == ""
	}
	last := p.parts[len(p.parts)-1]
	return rest[0] == '/' || last.kind == literal && strings.HasSuffix(last.text, "/")
}

func moment(n map[kind]int) (time.Time, bool) {
	y, dated := n[year]
	if !dated {
		return time.Time{}, n[hour] < 24 && n[minute] < 60
	}
	at := time.Date(y, time.Month(n[month]), n[day], n[hour], n[minute], 0, 0, time.UTC)
	return at, y > 0 && int(at.Month()) == n[month] && at.Day() == n[day] && at.Hour() == n[hour] && at.Minute() == n[minute]
}
