package azcli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// The exit statuses of az.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
)

// failure is what az ends with.
type failure struct {
	code    string // of the service, or ""
	message string
	status  int // to exit with
	hint    string
}

func (f *failure) Error() string { return f.message }

func usage(format string, args ...any) error {
	return &failure{message: fmt.Sprintf(format, args...), status: exitUsage}
}

func failed(format string, args ...any) error {
	return &failure{message: fmt.Sprintf(format, args...), status: exitFailed}
}

// tell writes why a call failed, and returns the status to exit with.
func tell(w io.Writer, err error) int {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{message: err.Error(), status: exitFailed}
	}
	text := "ERROR: " + f.message
	if f.code != "" {
		text = fmt.Sprintf("ERROR: (%s) %s\nCode: %s\nMessage: %s", f.code, f.message, f.code, f.message)
	}
	if f.hint != "" {
		text += "\n" + f.hint
	}
	fmt.Fprintln(w, text)
	return f.status
}

// unanswered says that words are no call of the table, and which are near.
func unanswered(words []string) error {
	asked := strings.Join(words, " ")
	var near, known []string
	for _, c := range commands() {
		known = append(known, c.words)
		if len(words) > 0 && strings.HasPrefix(c.words, words[0]+" ") {
			near = append(near, c.words)
		}
	}
	f := &failure{status: exitUsage, message: fmt.Sprintf("'az %s' is not answered here: this is lazuli's stand-in for az, since no az is installed (`pip install azure-cli`).", asked)}
	switch meant := nearest.Name(asked, known); {
	case meant != "":
		f.hint = "Did you mean 'az " + meant + "'?"
	case len(near) > 0:
		f.hint = "It answers: az " + strings.Join(near, ", az ")
	default:
		f.hint = "It answers: az " + strings.Join(known, ", az ")
	}
	return f
}
