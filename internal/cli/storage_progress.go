package cli

import (
	"io"
	"path"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/lazuli-dev/lazuli/internal/terminal"
	"github.com/lazuli-dev/lazuli/internal/transfer"
)

// copyProgress draws a bar for all bytes, and one for each large copy under way.
type copyProgress struct {
	screen io.Writer

	mu    sync.Mutex // guards what follows
	bars  *mpb.Progress
	all   *mpb.Bar
	total int64 // bytes that are known of
	done  int64 // of them, those that moved
}

// largeCopy is from where on a copy among others has a bar of its own.
const largeCopy = 64 << 20

func newCopyProgress(screen io.Writer) *copyProgress {
	p := &copyProgress{screen: screen}
	p.draw()
	return p
}

// draw begins to draw. The caller holds the lock, or is alone.
func (p *copyProgress) draw() {
	p.bars = mpb.New(mpb.WithOutput(p.screen), mpb.WithWidth(40), mpb.WithAutoRefresh())
	p.all = p.bars.AddBar(0,
		mpb.BarRemoveOnComplete(), mpb.BarPriority(1<<20), // below the others
		mpb.PrependDecorators(decor.Name("copying", decor.WC{W: 24, C: decor.DindentRight}), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
		mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f", decor.WCSyncSpace), decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace)))
	p.all.SetTotal(p.total, false)
	p.all.SetCurrent(p.done)
}

// aside takes the bars away while f has the terminal. What moves meanwhile is drawn
// afterwards.
func (p *copyProgress) aside(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	f()
	p.draw()
}

// erase takes the bars away. The caller holds the lock.
func (p *copyProgress) erase() {
	p.all.Abort(true)
	p.bars.Shutdown() // those of copies that go on too
}

// Found implements transfer.Progress.
func (p *copyProgress) Found(size int64) {
	if size <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += size
	p.all.SetTotal(p.total, false)
}

// Begin implements transfer.Progress.
func (p *copyProgress) Begin(name string, size int64) transfer.Step {
	s := &copyStep{all: p}
	if size < largeCopy {
		return s
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.bar = p.bars.AddBar(size, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(shortName(name), decor.WC{W: 24, C: decor.DindentRight}), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
		mpb.AppendDecorators(decor.Percentage(decor.WCSyncSpace)))
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
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

// copyStep is one copy.
type copyStep struct {
	all *copyProgress
	bar *mpb.Bar
}

func (p *copyProgress) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	p.all.SetCurrent(p.done)
}

// Add implements transfer.Step.
func (s *copyStep) Add(n int64) {
	s.all.add(n)
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
