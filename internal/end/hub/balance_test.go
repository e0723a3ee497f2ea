package hub

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// TestShare: what a reader claims, by who owns what. A letter is the owner of a
// partition, - nobody, a small letter one whose claim has ended.
func TestShare(t *testing.T) {
	for _, c := range []struct{ owned, want string }{
		{"----", "0 1 2 3"},
		{"A---", "1 2"},
		{"AAAA", "2 3"},
		{"AABB", "1"},
		{"AABBCC", "1"},
		{"MMMM", "0 1 2 3"},
		{"MMAA", "0 1"},
		{"MAAA", "0 3"},
		{"MMMA", "0 1 2"}, // it is the other one that takes
		{"AAA", "2"},
		{"MA-", "0 2"},
		{"MAAABC", "0 3"}, // nobody needs three
		{"A", ""},
		{"AB", ""},
		{"aaaa", "0 1 2 3"},
		{"aaBB", "0 1"},
		{"m-AA", "0 1"},
	} {
		partitions, known := owned(c.owned)
		got := share(partitions, known, "M", func(m state.Mark) bool { return m.Age == 0 })
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: claims %v, want %s", c.owned, got, c.want)
		}
	}
}

func owned(owners string) (partitions []string, known map[string]state.Mark) {
	known = map[string]state.Mark{}
	for i, by := range owners {
		p := fmt.Sprint(i)
		partitions = append(partitions, p)
		if by == '-' {
			continue
		}
		m := state.Mark{Metadata: map[string]string{ownerKey: strings.ToUpper(string(by))}}
		if by >= 'a' {
			m.Age = time.Hour
		}
		known[p] = m
	}
	return partitions, known
}

// TestShareSettles: readers that come and go and claim in any order own all
// partitions after a few rounds, nobody two more than another, and then keep them.
func TestShareSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitions, known := owned(strings.Repeat("-", rapid.IntRange(1, 40).Draw(t, "partitions")))
		all := func(state.Mark) bool { return true }
		readers := rapid.IntRange(1, 8).Draw(t, "readers")
		round := func() {
			for _, r := range rapid.Permutation(slices.Sorted(maps.Keys(names(readers)))).Draw(t, "order") {
				for _, p := range share(partitions, known, r, all) {
					known[p] = state.Mark{Metadata: map[string]string{ownerKey: r}}
				}
			}
		}
		for range 3 * readers {
			round()
		}
		settled := maps.Clone(known)
		round()
		if diff := cmp.Diff(settled, known); diff != "" {
			t.Fatalf("it does not settle: %s", diff)
		}
		count := names(readers)
		for _, m := range known {
			count[m.Metadata[ownerKey]]++
		}
		counts := slices.Sorted(maps.Values(count))
		if len(known) != len(partitions) || counts[len(counts)-1]-counts[0] > 1 {
			t.Fatalf("%d partitions of %d are owned, %v", len(known), len(partitions), count)
		}
	})
}

func names(n int) map[string]int {
	all := map[string]int{}
	for i := range n {
		all[fmt.Sprint("reader", i)] = 0
	}
	return all
}
