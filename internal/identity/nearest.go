package identity

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// nearestRole is the role whose name is most like a text: it shares most words
// with it, and among those it takes the fewest edits.
func nearestRole(name string, all []Role) string {
	best, bestShared, bestEdits := "", -1, 0
	for _, r := range all {
		shared, edits := sharedWords(name, r.Name), nearest.Edits(name, r.Name)
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
