package table

import (
	"errors"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// asError is an error in the service's terms. The engine's codes are the service's
// own; what shared errors become storage.FromFault says.
func asError(err error) *storage.Error {
	var known *storage.Error
	engine := fault.RefusalOf(err)
	var filter *odata.Error
	switch {
	case errors.As(err, &known):
		return known
	case engine != nil:
		return storage.Fail(string(engine.Code)).With("Reason", engine.Error())
	case errors.As(err, &filter):
		code := "InvalidInput"
		if filter.Unsupported {
			code = "NotImplemented"
		}
		return storage.Fail(code).With("Reason", filter.Error())
	}
	return storage.FromFault(err)
}

// about says in which option of the query a mistake is.
func about(option string, err error) error {
	if err == nil {
		return nil
	}
	e := asError(err)
	for i := range e.Extra {
		if e.Extra[i].Name == "Reason" {
			e.Extra[i].Value = option + ": " + e.Extra[i].Value
		}
	}
	return e
}

// invalid is the 400 about what a client sent.
func invalid(reason string) *storage.Error {
	return storage.Fail("InvalidInput").With("Reason", reason)
}

// exists says what the catalogue's refusal to make a table twice means.
func exists(err error) error {
	if fault.Is(err, fault.Conflict) && fault.CodeOf(err) == "" {
		return storage.Fail(string(tablestore.TableAlreadyExists))
	}
	return err
}

// absent: who deletes or gets a table that is not there is told so in general terms.
func absent(err error) error {
	if fault.Is(err, fault.NotFound) {
		return storage.Fail(string(tablestore.ResourceNotFound))
	}
	return err
}

// clip keeps what a client sent short in what it is told.
func clip(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}
