// Package records is what Resource Manager keeps and nothing here does: log
// workspaces and the components of Application Insights, networks, private endpoints
// and DNS zones, container apps and their environments. A record is stored whole and
// shown with what Azure would add, so that configurations apply, plan clean and are
// destroyed. What a record says about an account's network, the account's own
// properties say too, and those hold.
//
// Left out: what a type here does not name is refused by the manager, as any type
// that is not served.
package records

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// New is the providers of all records.
func New() []arm.Provider {
	return []arm.Provider{workspaces(), components(), networks(), zones(), containers()}
}

// value is what a property is when nobody has said it.
type value struct {
	path string // dotted
	v    any
}

// defaults is a Put that adds values, and then does what is more.
func defaults(values []value, more ...func(c *arm.Call)) func(context.Context, *arm.Call) error {
	return func(_ context.Context, c *arm.Call) error {
		for _, d := range values {
			c.Body.Default(d.v, strings.Split(d.path, ".")...)
		}
		for _, do := range more {
			do(c)
		}
		return nil
	}
}

// unique draws ids once.
func unique(paths ...string) func(*arm.Call) {
	return func(c *arm.Call) {
		for _, p := range paths {
			c.Keep(func() any { return uuid.New() }, strings.Split(p, ".")...)
		}
	}
}

// keys draws keys once.
func keys(paths ...string) func(*arm.Call) {
	return func(c *arm.Call) {
		for _, p := range paths {
			c.Keep(newKey, strings.Split(p, ".")...)
		}
	}
}

// keyBytes is how long the keys of workspaces are.
const keyBytes = 64

func newKey() any {
	b := make([]byte, keyBytes)
	_, _ = rand.Read(b) // it never fails
	return base64.StdEncoding.EncodeToString(b)
}

// empty is a list that is there and has nothing.
func empty() any { return []any{} }

// listed answers with a list.
func listed(items ...any) arm.Action {
	return func(context.Context, *arm.Call) (arm.Answer, error) {
		return arm.Answer{Body: map[string]any{"value": slices.Concat([]any{}, items)}}, nil
	}
}
