package app

import (
	"github.com/lazuli-dev/lazuli/internal/page/logs"
)

// observation is what shows the whole rather than a kind of thing.
func observation(e *env) (parts, error) {
	return parts{Pages: logs.Pages(e.Counts.Logs)}, nil
}
