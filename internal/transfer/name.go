package transfer

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"unicode/utf8"
)

const windows = runtime.GOOS == "windows"

// errName is the reason why a name on one side can be none on the other.
var errName = errors.New("the name cannot be used here")

// localName is the path, with slashes, that a blob's name stands for below a folder.
// A name that would lead out of the folder, that a file system cannot hold, or that
// would be taken for another name is refused: nothing is guessed, and two blobs never
// become one file.
func localName(name string, onWindows bool) (string, error) {
	if strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("%w: it holds a NUL", errName)
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "":
			return "", fmt.Errorf("%w: it begins or ends with a slash, or has two of them together", errName)
		case part == "." || part == "..":
			return "", fmt.Errorf("%w: %q in it leads to another folder", errName, part)
		case len(part) > 255:
			return "", fmt.Errorf("%w: a part of it is longer than 255 bytes", errName)
		case onWindows:
			if err := windowsName(part); err != nil {
				return "", err
			}
		}
	}
	return name, nil
}

// windowsName refuses what means something else on Windows ("Naming Files, Paths, and
// Namespaces"): devices, streams, and names that lose their end.
func windowsName(part string) error {
	if i := strings.IndexFunc(part, func(r rune) bool { return r < ' ' || strings.ContainsRune(`<>:"\|?*`, r) }); i >= 0 {
		return fmt.Errorf("%w: Windows allows no %q in a name", errName, part[i:i+1])
	}
	if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
		return fmt.Errorf("%w: on Windows no name ends with a point or a space", errName)
	}
	stem, _, _ := strings.Cut(strings.ToUpper(part), ".")
	stem = strings.TrimRight(stem, " ")
	device := stem == "CON" || stem == "PRN" || stem == "AUX" || stem == "NUL" || stem == "CONIN$" || stem == "CONOUT$"
	if port, ok := strings.CutPrefix(stem, "COM"); !device && ok || strings.HasPrefix(stem, "LPT") {
		number := strings.TrimPrefix(port, "LPT")
		device = utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number)
	}
	if device {
		return fmt.Errorf("%w: %s is a device on Windows", errName, part)
	}
	return nil
}

// longestBlobName is Azure's limit, in characters.
const longestBlobName = 1024

// blobName is the name of the blob that a file below a folder becomes; rel has slashes.
func blobName(prefix, rel string) (string, error) {
	name := prefix + rel
	switch {
	case !utf8.ValidString(name):
		return "", fmt.Errorf("%w: blobs' names are UTF-8", errName)
	case strings.Contains(rel, `\`):
		return "", fmt.Errorf(`%w: the Blob service takes \ for /`, errName)
	case utf8.RuneCountInString(name) > longestBlobName:
		return "", fmt.Errorf("%w: a blob's has at most %d characters", errName, longestBlobName)
	case rel == "" || path.Clean("/"+rel) != "/"+rel:
		return "", fmt.Errorf("%w: it is not a plain path", errName)
	}
	return name, nil
}
