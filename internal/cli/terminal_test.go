package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a function logs reaches the terminal of `up` as one harmless line, in
// every format for people.
func TestLogDrivesNoTerminal(t *testing.T) {
	for _, format := range []string{"auto", "text"} {
		var out bytes.Buffer
		log, err := (&session{stdio: newStdio(nil, &out, &out)}).newLogger(upFlags{logFormat: format}, &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("got x\x1b[2J\x1b]0;owned\x07y\rz\n12:00:00.000 ERR forged", "id", "a\x1b[31m\n\u202e")
		if got := out.String(); strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\x07\r\u202e") {
			t.Errorf("--log-format %s: %q", format, got)
		}
	}
}

// Only newStdio, in Main, takes the process's own streams: everything else goes
// through its guard.
func TestOneWayToTheTerminal(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range []string{"os.Stdout", "os.Stderr", "fmt.Print"} {
			n := strings.Count(string(text), stream)
			if file == "root.go" && stream != "fmt.Print" {
				n-- // Main
			}
			if n != 0 {
				t.Errorf("%s uses %s: write to the session's out or err", file, stream)
			}
		}
	}
}
