package blob

import (
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// checkContainerName holds a name to the service's rule: 3 to 63 lower-case
// letters, digits and single hyphens that are inside, or one of the service's own
// containers (Azure: "Naming and Referencing Containers, Blobs, and Metadata").
func checkContainerName(name string) error {
	switch name {
	case "$root", "$web", "$logs", "$blobchangefeed":
		return nil
	}
	if len(name) < 3 || len(name) > 63 {
		return storage.Fail("OutOfRangeInput")
	}
	before := byte('-')
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-' && before != '-':
		default:
			return storage.Fail("InvalidResourceName")
		}
		before = c
	}
	if before == '-' {
		return storage.Fail("InvalidResourceName")
	}
	return nil
}

const (
	maxBlobName     = 1024 // characters
	maxBlobSegments = 254
)

// checkBlobName holds a decoded blob name to the service's rule: 1 to 1024
// characters of UTF-8, at most 254 path segments.
func checkBlobName(name string) error {
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxBlobName:
		return storage.Fail("OutOfRangeInput")
	case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0:
		return storage.Fail("InvalidResourceName")
	case strings.Count(name, "/") >= maxBlobSegments:
		return storage.Fail("InvalidUri").With("Reason", "The blob name has more than 254 path segments.")
	}
	return nil
}

// clip shortens a text that goes into a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
