// Command lazuli runs a complete Azure-compatible real-time pipeline on this
// machine. `lazuli --help` lists its verbs.
package main

import (
	"os"

	"github.com/lazuli-dev/lazuli/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
