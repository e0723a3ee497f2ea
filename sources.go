// Package lazuli holds the projects that the program can write for a user.
package lazuli

import "embed"

// Examples are the projects of the examples folder that stand alone, for
// `lazuli init`.
//
//go:embed examples/averages examples/telemetry examples/stream examples/thumbnail examples/telemetry-python examples/hello-python examples/hello-node
var Examples embed.FS
