// Package policy reads policy documents and runs them over an exchange.
//
// A document is not XML: expressions, @(…) and @{…}, hold quotes, < and & as they
// are. Parse cuts it into elements with their places; Compile turns elements into
// steps by one table of kinds (kinds.go), and refuses what is not there by name, line
// and column. Run walks the documents of an exchange from the narrowest scope to the
// widest: <base /> runs the same section of the next one.
//
// What a step needs of the world (transport, counters, caches, tokens) comes by the
// small interfaces in world.go; the package keeps nothing between exchanges.
//
// Rules: https://learn.microsoft.com/azure/api-management/api-management-policies
package policy

import (
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Pos is a place in a document; both count from 1.
type Pos = expression.Pos

// Error is a fault of a document.
type Error struct {
	Line, Column int
	Element      string
	Message      string
}

// Error implements error, in the words of the vendor.
func (e *Error) Error() string {
	if e.Element == "" {
		return fmt.Sprintf("Error on line %d, column %d: %s", e.Line, e.Column, e.Message)
	}
	return fmt.Sprintf("Error in element '%s' on line %d, column %d: %s", e.Element, e.Line, e.Column, e.Message)
}

func faultIn(element string, at Pos, format string, args ...any) *Error {
	return &Error{at.Line, at.Column, element, fmt.Sprintf(format, args...)}
}

// MaxBytes bounds a document.
const MaxBytes = 256 << 10
