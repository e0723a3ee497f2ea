package blobrows

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// TestPlacesShareNoFile: values of the column that make names alike lose no row of
// each other, whether they come in a batch, one after the other or after a restart.
func TestPlacesShareNoFile(t *testing.T) {
	sites := []string{"q"}
	for i := range 2 * atOnce { // so that what follows is written when the first is
		sites = append(sites, fmt.Sprint("z", i))
	}
	sites = append(sites, "q/", "q", "/", "//", "/q", "/q/", "q//", ".", "..", "./", "../q", "q/.", "q/..", "Q", "q ", "a/b", "a/b/", "0_1", "q")
	for _, format := range []string{"json", "array", "csv"} {
		for _, target := range []string{"c/{site}", "c/x{site}/", "c/{site}/{site}", "c/{site}/y"} {
			for _, size := range []int{7, len(sites)} {
				t.Run(fmt.Sprint(format, target[1:], size), func(t *testing.T) {
					var all []stream.OutputRow
					var want []string
					for i, site := range sites {
						text := fmt.Sprintf(`{"site":%q,"i":%d}`, site, i)
						all = append(all, row(noon, text))
						if format == "csv" {
							text = fmt.Sprintf("%s,%d", site, i)
						}
						want = append(want, text)
					}
					slices.Sort(want)
					r := newRig(t)
					for range 2 { // the second time from the start, as after a crash
						s := r.sink(jobs.Output{Target: target, Format: format})
						first := uint64(0)
						for part := range slices.Chunk(all, size) {
							if err := s.Write(t.Context(), batch(first, part...)); err != nil {
								t.Fatal(err)
							}
							first += uint64(len(part))
						}
						if diff := cmp.Diff(want, r.rows(format)); diff != "" {
							t.Error(diff)
						}
					}
				})
			}
		}
	}
}

// TestHeadersOfOneHash: columns whose names have the same FNV hash, by which files were
// once told apart, do not come under one header.
func TestHeadersOfOneHash(t *testing.T) {
	r := newRig(t)
	s := r.sink(jobs.Output{Target: "c", Format: "csv"})
	if err := s.Write(t.Context(), batch(0, row(noon, `{"costarring":1}`), row(noon, `{"liquid":2}`))); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, text := range r.texts() {
		texts = append(texts, strings.ReplaceAll(text, "\r\n", " "))
	}
	slices.Sort(texts)
	if diff := cmp.Diff([]string{"costarring 1 ", "liquid 2 "}, texts); diff != "" {
		t.Error(diff)
	}
}
