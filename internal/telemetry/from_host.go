package telemetry

import (
	"log/slog"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
)

// FromHost returns a listener to the host of a function app. namespace is the id of
// the namespace that a host name of its connections means.
func (c *Counts) FromHost(app string, namespace func(host string) uint64) host.Listener {
	return func(e host.Event) {
		switch e := e.(type) {
		case host.InvocationStarted:
			c.Function(app, e.Function).begin(e)
		case host.InvocationFinished:
			c.Function(app, e.Function).finish(e)
		case host.LogWritten:
			if e.Function != "" {
				c.Function(app, e.Function).log(e)
				c.Logs.Append(userLine(app, e))
			}
		case host.WorkerOutput:
			c.Logs.Append(Line{Source: "app/" + app, Level: slog.LevelInfo, Text: e.Line, Attrs: []Attr{{"stream", e.Stream}}})
		case host.SetAside:
			f := c.Function(app, e.Function)
			if e.Err != nil {
				f.Held.Add(1)
				break
			}
			f.Letters.Add(int64(e.Letters))
		case host.BreakerChanged:
			if e.State == breaker.Open && e.Probes == 0 {
				c.Function(app, e.Function).Opened.Add(1)
			}
		case host.Checkpointed:
			if p, err := strconv.Atoi(e.Partition); err == nil && !e.Remote { // a change feed has no partitions
				c.Reached(namespace(e.Host), e.Target, e.Group, p, e.Sequence)
			}
		}
	}
}

// userLine is what a function's code logged, with its properties.
func userLine(app string, e host.LogWritten) Line {
	line := Line{
		Time: e.At, Level: e.Level, Source: "function/" + app + "/" + e.Function,
		Text: strings.TrimRight(e.Message, "\n"), Invocation: e.ID, properties: e.Properties,
	}
	if e.Exception != "" {
		line.Attrs = append(line.Attrs, Attr{"error", e.Exception})
	}
	return line
}
