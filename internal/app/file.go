package app

import (
	"github.com/lazuli-dev/lazuli/internal/end/file"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// files are what stream jobs read and write in the project's folder.
func files(e *env) (parts, error) {
	path := e.Config.File
	return parts{Streams: jobs.Kinds{
		References: []jobs.ReferenceKind{file.ReferenceKind(path)},
		Sinks:      []jobs.SinkKind{file.SinkKind(path)},
	}}, nil
}
