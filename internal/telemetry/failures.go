package telemetry

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// maxGroups is how many different failures of a function are told apart; the
// one that was not seen for the longest gives way.
const maxGroups = 100

// maxTimes bounds the steps that a group's past is kept in.
const maxTimes = 720

// Group is failures that are the same: of one type, with one message but for its
// numbers and ids, from one place in the code.
type Group struct {
	ID          string
	Type        string
	Message     string // of the newest, as it was
	Frame       string
	Count       int // in the range
	Total       int // since the start
	First, Last time.Time
	Sample      string // id of the newest run
	Spark       []int  // the range in 24 steps
}

type group struct {
	Group
	times []times
}

type times struct {
	start time.Time
	count uint32
}

// groups is a function's failures by what they are.
type groups map[string]*group

func (g *groups) add(f *Failure, e host.InvocationFinished) {
	if *g == nil {
		*g = groups{}
	}
	have := (*g)[f.Group]
	if have == nil {
		g.makeRoom()
		have = &group{Group: Group{ID: f.Group, First: e.At}}
		(*g)[f.Group] = have
	}
	have.Type, have.Message, have.Frame, have.Sample = f.Type, f.Message, f.Frame, e.ID
	have.Last = e.At
	have.Total++
	start := e.At.Truncate(fineStep)
	if n := len(have.times); n == 0 || have.times[n-1].start.Before(start) {
		if n == maxTimes {
			have.times = have.times[:copy(have.times, have.times[n/2:])]
		}
		have.times = append(have.times, times{start: start})
	}
	have.times[len(have.times)-1].count++
}

func (g groups) makeRoom() {
	if len(g) < maxGroups {
		return
	}
	var oldest *group
	for _, have := range g {
		if oldest == nil || have.Last.Before(oldest.Last) {
			oldest = have
		}
	}
	delete(g, oldest.ID)
}

const sparkSteps = 24

func (g groups) between(from, to time.Time) []Group {
	out := []Group{}
	step := max(to.Sub(from)/sparkSteps, 1)
	for _, have := range g {
		one := have.Group
		one.Spark = make([]int, sparkSteps)
		for _, t := range have.times {
			if t.start.Before(from.Truncate(fineStep)) || !t.start.Before(to) {
				continue
			}
			one.Count += int(t.count)
			one.Spark[min(max(int(t.start.Sub(from)/step), 0), sparkSteps-1)] += int(t.count)
		}
		if one.Count > 0 {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.Last.Compare(a.Last), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// fingerprint names the group of a failure.
func fingerprint(f *Failure) string {
	h := fnv.New64a()
	for _, part := range []string{f.Type, generalise(f.Message), withoutLine(f.Frame)} {
		_, _ = h.Write([]byte(part)) // it takes everything
		_, _ = h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// withoutLine is a frame's place without the line, which edits move.
func withoutLine(frame string) string {
	if at := strings.LastIndexByte(frame, ':'); at >= 0 {
		return frame[:at]
	}
	return frame
}

// generalise puts # in place of what differs between two failures that are the
// same: numbers, and words that are ids (of hexadecimal digits, with a digit and
// at least eight long, or anything longer than 20 with a digit).
func generalise(message string) string {
	var out strings.Builder
	for i := 0; i < len(message); {
		n := wordLength(message[i:])
		if n == 0 {
			out.WriteByte(message[i])
			i++
			continue
		}
		word := message[i : i+n]
		if variable(word) {
			out.WriteByte('#')
		} else {
			writeWord(&out, word)
		}
		i += n
	}
	return out.String()
}

// writeWord writes a word, # in place of a number at its end or between dashes:
// device-001 is one of many.
func writeWord(out *strings.Builder, word string) {
	for i := 0; i < len(word); i++ {
		out.WriteByte(word[i])
		if word[i] != '-' && word[i] != '_' || i+1 == len(word) || !digit(word[i+1]) {
			continue
		}
		out.WriteByte('#')
		for i+1 < len(word) && digit(word[i+1]) {
			i++
		}
	}
}

// wordLength is how many bytes of letters, digits and the marks within numbers
// and ids the text begins with.
func wordLength(s string) int {
	n := 0
	for n < len(s) && (wordByte(s[n]) || n > 0 && (s[n] == '.' || s[n] == ',' || s[n] == ':') && n+1 < len(s) && digit(s[n-1]) && digit(s[n+1])) {
		n++
	}
	return n
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func variable(word string) bool {
	digits, hexes := 0, 0
	for i := range len(word) {
		switch b := word[i]; {
		case digit(b):
			digits++
		case b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' || b == '-':
			hexes++
		}
	}
	switch {
	case digits == 0:
		return false
	case digit(word[0]) || word[0] == '-' && len(word) > 1 && digit(word[1]):
		return true
	case len(word) >= 8 && digits+hexes == len(word):
		return true
	}
	return len(word) > 20
}
