package nodeworker

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// simpleRange matches the ranges that are looked at: ^1.2.3, ~1.2.3, 1.2.3. Of
// others npm knows more.
var simpleRange = regexp.MustCompile(`^([\^~=]?)v?(\d+)\.(\d+)\.(\d+)$`)

// satisfies reports whether a version is one that a range of package.json allows;
// what is written in another way is taken to be.
func satisfies(version, asked string) bool {
	want := simpleRange.FindStringSubmatch(asked)
	have := simpleRange.FindStringSubmatch(version)
	if want == nil || have == nil {
		return true
	}
	w, h := numbers(want[2:]), numbers(have[2:])
	same := 3
	switch {
	case want[1] == "~":
		same = 2
	case want[1] == "^": // all up to the first that is not zero
		if at := slices.IndexFunc(w, func(n int) bool { return n > 0 }); at >= 0 {
			same = at + 1
		}
	}
	return slices.Equal(w[:same], h[:same]) && slices.CompareFunc(h, w, cmp.Compare[int]) >= 0
}

func numbers(texts []string) []int {
	out := make([]int, len(texts))
	for i, s := range texts {
		out[i], _ = strconv.Atoi(s) // digits only
	}
	return out
}

// unfit reports whether a package is installed in a version that package.json does
// not allow.
func (p pkg) unfit(dir string) bool {
	for name, asked := range p.Dependencies {
		var installed struct{ Version string }
		text, err := textfile.ReadFollowed(filepath.Join(findModule(dir, name), packageFile), textfile.Source)
		if err == nil && json.Unmarshal(text, &installed) == nil && !satisfies(installed.Version, asked) {
			return true
		}
	}
	return false
}
