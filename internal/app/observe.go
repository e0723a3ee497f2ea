package app

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/page/logs"
	"github.com/lazuli-dev/lazuli/internal/page/overview"
)

// observation is what shows the whole rather than a kind of thing.
func observation(e *env) (parts, error) {
	return parts{Pages: slices.Concat(logs.Pages(e.Counts.Logs), overview.Pages(e.Given.Pages))}, nil
}
