package cli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// narrow is how wide a terminal is at most in which names stand above what they name,
// because little would be left beside them.
const narrow = 64

// row shows what a name has. What is longer than the terminal is wide goes on in its
// column; words longer than that stay whole, so that an address or a connection string
// can be copied.
func (p screen) row(name, value string) {
	beside := fmt.Sprintf(label+" ", name)
	column := fmt.Sprintf(label+" ", "")
	if p.width == 0 {
		fmt.Fprintf(p.w, "%s%s\n", beside, value)
		return
	}
	below := column
	if p.width <= narrow {
		if name != "" {
			fmt.Fprintf(p.w, "  %s\n", name)
		}
		beside, below = "    ", "    "
	}
	for text := range strings.SplitSeq(value, "\n") {
		for _, line := range wrapped(strings.TrimPrefix(text, column), p.width-len(below)) {
			fmt.Fprintf(p.w, "%s%s\n", beside, line)
			beside = below
		}
	}
}

var (
	blanks = regexp.MustCompile(` +`)
	paints = regexp.MustCompile("\x1b\\[[0-9]*m")
)

// wrapped is a text in lines of at most so many letters, broken at blanks; width below 1
// is no limit. What colours it takes no room.
func wrapped(text string, width int) []string {
	if width < 1 {
		return []string{text}
	}
	var lines []string
	from, end, at := 0, 0, 0 // of the line: where it begins, where its last word ends; where the next begins
	for _, gap := range append(blanks.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		if shownLength(text[from:gap[0]]) > width && end > from {
			lines = append(lines, text[from:end])
			from = at
		}
		end, at = gap[0], gap[1]
	}
	return append(lines, text[from:end])
}

func shownLength(s string) int { return utf8.RuneCountInString(paints.ReplaceAllString(s, "")) }
