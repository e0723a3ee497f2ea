package functions

import (
	"sync"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// logLines collects an invocation's log as the texts a custom handler
// returns. The host logs each as information, so that other levels are
// spelled out.
type logLines struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (l *logLines) add(record *funcrpc.RpcLog) {
	line := record.Message
	if record.Level != funcrpc.RpcLog_Information {
		line = "[" + record.Level.String() + "] " + line
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *logLines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	if lines == nil {
		lines = []string{}
	}
	return lines
}
