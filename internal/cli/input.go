package cli

import (
	"fmt"
	"io"
	"os"
)

// maxInputBytes bounds what a verb reads as one input.
const maxInputBytes = 16 << 20

// readInput reads a whole file, or standard input when its name is "-".
func readInput(name string, stdin io.Reader) (string, error) {
	r := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, maxInputBytes+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxInputBytes {
		return "", fmt.Errorf("%s is longer than %d bytes", name, maxInputBytes)
	}
	return string(data), nil
}
