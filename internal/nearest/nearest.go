// Package nearest finds what a misspelt word was meant to be, for the "did you
// mean" at the end of a message. It knows words alone: what the words name, and
// how the hint is worded, is its users' business.
package nearest

import (
	"strings"
	"unicode/utf8"
)

// Name is the one of names that a misspelt word was meant to be: the one that
// takes the fewest edits, without case; of equals the first. It is "" where none
// is near, which is more than an edit for every three letters of the word.
func Name(word string, names []string) (best string) {
	letters := utf8.RuneCountInString(word)
	least := max(1, letters/3) + 1
	for _, name := range names {
		if strings.EqualFold(name, word) {
			return name
		}
		if d := Edits(word, name); d < least && d < letters {
			best, least = name, d
		}
	}
	return best
}

// longestCompared bounds the work of Edits, which grows with both lengths.
const longestCompared = 100

// Edits counts the letters to change, add or take away, and neighbours to swap,
// that make b of a, without case (Levenshtein, and adjacent transposition). Of
// longer texts it compares the first hundred letters, and counts the rest.
func Edits(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	rest := max(0, len(x)-longestCompared, len(y)-longestCompared)
	x, y = x[:min(len(x), longestCompared)], y[:min(len(y), longestCompared)]
	var last []int
	before, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		last, before, row = before, row, make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(before[j]+1, row[j-1]+1, before[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], last[j-2]+1)
			}
		}
	}
	return row[len(y)] + rest
}
