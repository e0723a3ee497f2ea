// Package lazuli holds the projects that the program can write for a user.
package lazuli

import "embed"

// Examples are the projects of the examples folder that stand alone, for
// `lazuli init`.
//
//go:embed examples/averages examples/telemetry examples/stream examples/thumbnail examples/telemetry-python examples/hello-python examples/hello-node examples/thumbnail-python
//go:embed examples/hello-rust/.funcignore examples/hello-rust/Cargo.toml examples/hello-rust/host.json examples/hello-rust/local.settings.json
//go:embed examples/hello-rust/src examples/hello-rust/hello examples/hello-rust/tick
var Examples embed.FS
