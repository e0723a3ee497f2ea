package cli

import (
	"path"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/lazuli-dev/lazuli/internal/terminal"
	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// copyProgress draws a bar for all bytes, and one for each large copy under way.
type copyProgress struct {
	bars *mpb.Progress
	all  *mpb.Bar

	mu    sync.Mutex // guards what follows
	total int64      // bytes that are known of
}

// largeCopy is from where on a copy among others has a bar of its own.
const largeCopy = 64 << 20

func newCopyProgress(bars *mpb.Progress) *copyProgress {
	return &copyProgress{bars: bars, all: bars.AddBar(0,
		mpb.BarRemoveOnComplete(), mpb.BarPriority(1<<20), // below the others
		mpb.PrependDecorators(decor.Name("copying", decor.WC{W: 24, C: decor.DindentRight}), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
		mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f", decor.WCSyncSpace), decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace)))}
}

// Found implements transfer.Progress.
func (p *copyProgress) Found(size int64) {
	if size > 0 {
		p.grow(size)
	}
}

func (p *copyProgress) grow(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += n
	p.all.SetTotal(p.total, false)
}

// Begin implements transfer.Progress.
func (p *copyProgress) Begin(name string, size int64) transfer.Step {
	s := &copyStep{all: p}
	if size >= largeCopy {
		s.bar = p.bars.AddBar(size, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(shortName(name), decor.WC{W: 24, C: decor.DindentRight}), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.Percentage(decor.WCSyncSpace)))
	}
	return s
}

// shortName is the end of a name, as a bar shows it.
func shortName(name string) string {
	letters := []rune(terminal.Clean(path.Base(name)))
	if len(letters) > 22 {
		letters = append([]rune("…"), letters[len(letters)-21:]...)
	}
	return string(letters)
}

func (p *copyProgress) close() {
	p.all.Abort(true)
	p.bars.Wait()
}

// copyStep is one copy.
type copyStep struct {
	all *copyProgress
	bar *mpb.Bar
}

// Add implements transfer.Step.
func (s *copyStep) Add(n int64) {
	s.all.all.IncrInt64(n)
	if s.bar != nil {
		s.bar.IncrInt64(n)
	}
}

// End implements transfer.Step.
func (s *copyStep) End() {
	if s.bar != nil {
		s.bar.Abort(true)
	}
}
