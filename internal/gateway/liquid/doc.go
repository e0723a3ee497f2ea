// Package liquid is the template language of set-body: texts with {{ values }} and
// {% tags %}.
//
// Parse reads a template; Render writes it over the values that it is given. Both are
// bounded: a template ends after steps, bytes and a time, whatever its loops are fed
// with.
//
// It follows DotLiquid as API Management has it: names of filters as in C# or in Ruby
// (Upcase, upcase), .NET formats of dates, members of objects compared with case first
// and then without. Not served, and refused where the template is read: include,
// extends, tablerow and ifchanged.
//
// It is our own because the libraries are of Ruby's Liquid. osteele/liquid v1.6.0 was
// tried: it has neither C#'s names of filters nor members without regard to case nor
// .NET's dates, divides 7.0 by 2 to 3, and two nested loops ran for 54 seconds, for
// nothing bounds a template there, neither a context nor steps nor bytes.
//
// Language: https://shopify.github.io/liquid/; of the vendor:
// https://learn.microsoft.com/azure/api-management/set-body-policy#using-liquid-templates-with-set-body
package liquid

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// The limits of a template.
const (
	MaxSteps = 200_000
	MaxBytes = 4 << 20 // of what it writes
	MaxTime  = 2 * time.Second
	maxDepth = 50
)

// Template is one that was read. It is safe for concurrent use.
type Template struct{ body []node }

// Parse reads a template that begins at a place of its document. The error is an
// *expression.Error.
func Parse(text string, at expression.Pos) (*Template, error) {
	p := &parser{all: scan(text, at)}
	body, end, err := p.nodes(0)
	if err == nil && end.name != "" {
		err = p.fail(end.pos, "'%s' closes nothing", end.name)
	}
	if err != nil {
		return nil, err
	}
	return &Template{body}, nil
}

// Render writes the template over values by their names.
func (t *Template) Render(ctx context.Context, values map[string]any) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, MaxTime, errTime)
	defer cancel()
	r := &render{ctx: ctx, given: values, set: map[string]any{}, counters: map[string]int64{}, out: &strings.Builder{}, steps: MaxSteps}
	if err := r.all(t.body); err != nil && !errors.Is(err, errBreak) && !errors.Is(err, errContinue) {
		return "", err
	}
	return r.out.String(), nil
}

func errorf(pos expression.Pos, format string, args ...any) error {
	return &expression.Error{Pos: pos, Message: fmt.Sprintf(format, args...)}
}
