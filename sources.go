// Package lazuli holds the sources of the public functions package, and of what
// it needs of this module, so that the program can write them into new function
// apps: those build without a network, anywhere.
package lazuli

import "embed"

// Sources are functions, functions/functionstest and internal/funcrpc, tests
// among them, with go.mod, go.sum and LICENSE.
//
//go:embed functions/*.go functions/functionstest/*.go internal/funcrpc/*.go go.mod go.sum LICENSE
var Sources embed.FS

// Examples are the projects of the examples folder that stand alone, for
// `lazuli init`.
//
//go:embed examples/averages examples/telemetry examples/stream
var Examples embed.FS
