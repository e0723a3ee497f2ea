// Package blobrows is blobs as stream jobs read and write them: tables of
// reference data that are followed by others from their times on, new blobs as a
// stream, and rows that are put into files of one window, column or size.
//
// Which blobs, their paths say: package blobpath.
package blobrows

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/blobpath"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

// Kind is the name of the kind in tables. Targets are path patterns.
const Kind = "blob"

// Account is a storage account of this process. All fields are required.
type Account struct {
	Blobs objectstore.Account
	// Need is nil when there is a container of the name, or says where to declare it.
	Need func(container string) error
	// Changed is closed when the container is next made or deleted.
	Changed func(container string) <-chan struct{}
}

// Find returns the account of a name, "" being the one that localhost means, or
// fails with fault.NotFound. It is asked at each use, so that an account made anew
// under its name is found.
type Find func(account string) (Account, error)

// end is what all ends of blobs have in common.
type end struct {
	find    Find
	account string
	pattern *blobpath.Pattern
	form    rows.Form
}

func newEnd(find Find, use blobpath.Use, account, target, format string, b jobs.Blobs) (end, error) {
	pattern, err := blobpath.Parse(use, target, blobpath.Formats{Date: b.Date, Time: b.Time})
	if err != nil {
		return end{}, fault.New(fault.Invalid, target, "%v", err)
	}
	form, err := formOf(format, b.Delimiter)
	return end{find, account, pattern, form}, err
}

// formOf is how texts hold rows. Formats of inputs that are JSON are all read
// alike.
func formOf(format, delimiter string) (f rows.Form, err error) {
	switch format {
	case "":
	case "json", "array":
		f.Format = rows.JSON
	case "csv":
		f.Format = rows.CSV
	default:
		return f, fault.New(fault.Invalid, "format "+format, "is not one of json, array and csv")
	}
	commas := map[string]rune{"": 0, "comma": ',', "semicolon": ';', "space": ' ', "tab": '\t', "bar": '|'}
	comma, known := commas[delimiter]
	if !known {
		return f, fault.New(fault.Invalid, "delimiter "+delimiter, "is not one of comma, semicolon, space, tab and bar")
	}
	f.Comma = comma
	return f, nil
}

// resource names the pattern for messages.
func (e *end) resource() string { return "container " + e.pattern.Container }

// blobs is the account as it is now.
func (e *end) blobs() (objectstore.Account, error) {
	a, err := e.find(e.account)
	return a.Blobs, err
}

func isCode(err error, codes ...fault.Code) bool {
	return err != nil && slices.Contains(codes, fault.CodeOf(err))
}
