package identity

import "strings"

// nearest is the role whose name is most like a text: it shares most words
// with it, and among those it takes the fewest edits.
func nearest(name string, all []Role) string {
	best, bestShared, bestEdits := "", -1, 0
	for _, r := range all {
		shared, edits := sharedWords(name, r.Name), distance(strings.ToLower(name), strings.ToLower(r.Name))
		if shared > bestShared || shared == bestShared && edits < bestEdits {
			best, bestShared, bestEdits = r.Name, shared, edits
		}
	}
	return best
}

func sharedWords(a, b string) (n int) {
	words := strings.Fields(strings.ToLower(b))
	for _, w := range strings.Fields(strings.ToLower(a)) {
		for _, have := range words {
			if w == have {
				n++
				break
			}
		}
	}
	return n
}

// longestCompared bounds the work of distance, which grows with both lengths.
const longestCompared = 100

// distance counts the bytes to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	a, b = a[:min(len(a), longestCompared)], b[:min(len(b), longestCompared)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
