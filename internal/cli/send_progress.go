package cli

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress is a bar with the speed, where a person watches; otherwise nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
}

// newProgress shows a bar for total events, 0 when it is not known.
func (s *session) newProgress(total int) *progress {
	if !s.errIsTerminal() {
		return &progress{}
	}
	return showProgress(s.screen, total)
}

// showProgress draws on a terminal.
func showProgress(screen io.Writer, total int) *progress {
	c := mpb.New(mpb.WithOutput(screen), mpb.WithWidth(40), mpb.WithAutoRefresh())
	counter := decor.CountersNoUnit("%d / %d", decor.WCSyncSpace)
	style := mpb.BarFillerBuilder(mpb.BarStyle())
	if total == 0 {
		counter, style = decor.CurrentNoUnit("%d", decor.WCSyncSpace), mpb.NopStyle()
	}
	bar := c.New(int64(total), style,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("sending"), counter),
		mpb.AppendDecorators(decor.AverageSpeed(0, "%.0f events/s")))
	return &progress{container: c, bar: bar}
}

func (p *progress) add(n int) {
	if p.bar != nil {
		p.bar.IncrBy(n)
	}
}

// close takes the bar away.
func (p *progress) close() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.container.Wait()
}
