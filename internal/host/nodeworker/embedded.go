package nodeworker

import "embed"

// code is the worker, a folder that Node runs.
//
//go:embed worker/*.js
var code embed.FS
