package objectstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// smallWorld has extents of a few pieces.
func smallWorld(t testing.TB, fs vfs.FS) *world {
	w := &world{t: t, fs: fs, clock: testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), set: func(o *Options) { o.ExtentBytes, o.CompactRate = 8*pieceSize, 1<<40 }}
	w.open()
	if _, err := w.a.CreateContainer(t.Context(), "c", PrivateAccess, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) files() (names []string) {
	w.t.Helper()
	names, err := w.fs.List("blobs")
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

// flip damages a byte of a file.
func flip(t *testing.T, fs vfs.FS, path string, at int64) {
	t.Helper()
	f, err := fs.OpenReadWrite(path, vfs.WriteCategory)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// TestBitRot: a changed byte is found by whoever reads its piece, and named; the
// rest of the blob and other blobs are read.
func TestBitRot(t *testing.T) {
	w := newWorld(t)
	defer func() { w.close() }()
	var events []Event
	w.set = func(o *Options) { o.Events = func(e Event) { events = append(events, e) } }
	w.reopen()
	text := big(5 * pieceData)
	w.put("b", text)
	w.put("other", "fine")
	c, err := w.a.Open(t.Context(), at("b"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := c.v.rec.refs[0]
	flip(t, w.fs, filepath.Join("blobs", extentName(r.extent)), r.at+2*pieceSize+17)
	var b bytes.Buffer
	err = c.WriteRange(&b, 0, int64(len(text)))
	wantCode(t, err, BlobDamaged)
	var damage *vfs.Damage
	if !fault.Is(err, fault.Internal) || !errors.As(err, &damage) || !strings.Contains(err.Error(), "blob c/b: its content cannot be read from byte 131072 on") {
		t.Errorf("got %v", err)
	}
	if b.String() != text[:2*pieceData] {
		t.Errorf("%d bytes before the damage were written, want %d", b.Len(), 2*pieceData)
	}
	wantCode(t, c.WriteRange(io.Discard, 2*pieceData+100, 1), BlobDamaged)
	b.Reset()
	if err := c.WriteRange(&b, 3*pieceData, 2*pieceData); err != nil || b.String() != text[3*pieceData:] {
		t.Errorf("behind the damage: %v", err)
	}
	w.want(at("other"), "fine")
	if d, ok := events[0].(Damaged); !ok || len(events) != 2 || d.Blob != "blob c/b" || d.Offset != 2*pieceData {
		t.Errorf("told %+v", events)
	}
	w.del(at("b"), DeleteOptions{})
	w.del(at("other"), DeleteOptions{})
	c.Close()
	w.s.tidy(t.Context())
	if _, ok := events[len(events)-1].(Reclaimed); !ok {
		t.Errorf("told %+v", events)
	}
}

// TestFileGone: a file of content that is not there does not keep the store from
// opening; what is in it cannot be read, and can be deleted.
func TestFileGone(t *testing.T) {
	w := newWorld(t)
	w.put("b", "x")
	w.close()
	if err := w.fs.Remove(filepath.Join("blobs", w.files()[0])); err != nil {
		t.Fatal(err)
	}
	w.open()
	defer w.close()
	_, err := w.read(at("b"))
	wantCode(t, err, BlobDamaged)
	w.put("new", "y")
	w.want(at("new"), "y")
	w.del(at("b"), DeleteOptions{})
	w.want(at("new"), "y")
}

// TestSpaceComesBack: files in which nothing is alive go, those that are mostly
// dead are emptied, and who reads meanwhile reads on.
func TestSpaceComesBack(t *testing.T) {
	testkit.NoLeaks(t)
	w := smallWorld(t, vfs.NewMem())
	defer w.close()
	ctx := t.Context()
	texts := map[string]string{}
	for i := range 200 {
		name := fmt.Sprintf("b%03d", i)
		texts[name] = fmt.Sprint(i) + big(20_000+i*100)
		w.put(name, texts[name])
	}
	texts["large"] = big(20 * pieceData)
	w.put("large", texts["large"])
	snap := w.snapshot("b007")
	full := len(w.files())
	open := map[string]*Content{}
	for _, name := range []string{"b001", "b007", "large"} {
		c, err := w.a.Open(ctx, at(name), Conditions{})
		if err != nil {
			t.Fatal(err)
		}
		open[name] = c
	}
	for name := range texts {
		if name != "b007" && !strings.HasSuffix(name, "50") && name != "large" {
			w.del(at(name), DeleteOptions{})
		}
	}
	w.put("large", "small now")
	u := w.upload("block")
	if err := w.a.PutBlock(ctx, at("b150"), "1", u, BlockPut{}); err != nil {
		t.Fatal(err)
	}
	u.Discard()
	for range 4 {
		w.s.tidy(ctx)
	}
	if len(w.files()) < full {
		t.Errorf("%d files of %d are left while somebody reads", len(w.files()), full)
	}
	for name, c := range open {
		var b bytes.Buffer
		if err := c.WriteRange(&b, 0, c.Info().Size); err != nil || b.String() != texts[name] {
			t.Errorf("%s is not what it was when it was opened: %v", name, err)
		}
		c.Close()
	}
	w.s.tidy(ctx)
	usage, err := w.s.Usage()
	if err != nil || usage.Files > 4 || usage.Files != len(w.files()) {
		t.Errorf("%+v and files %v, %v", usage, w.files(), err)
	}
	check := func() {
		t.Helper()
		w.want(at("b007"), texts["b007"])
		w.want(snap, texts["b007"])
		w.want(at("b150"), texts["b150"])
		w.want(at("large"), "small now")
		checkLive(t, w)
	}
	check()
	w.reopen()
	check()
	if _, err := w.a.CommitBlocks(ctx, at("b150"), []BlockRef{{Latest, "1"}}, Put{}); err != nil {
		t.Fatal(err)
	}
	w.want(at("b150"), "block")
}

// TestCompactionUnderWrites: what is written, copied and read while files are
// emptied is right.
func TestCompactionUnderWrites(t *testing.T) {
	testkit.NoLeaks(t)
	w := smallWorld(t, vfs.NewMem())
	defer w.close()
	ctx := t.Context()
	text := func(i, n int) string { return fmt.Sprintf("%d-%d-", i, n) + big(5000+(i*7919+n*104729)%90_000) }
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				w.s.tidy(ctx)
			}
		}
	})
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			name, other := fmt.Sprintf("b%d", i), fmt.Sprintf("copy%d", i)
			for n := range 40 {
				u := w.upload(text(i, n))
				if _, err := w.a.PutBlob(ctx, at(name), u, Put{Type: BlockBlob}); err != nil {
					t.Error(err)
				}
				u.Discard()
				if n%5 == 0 {
					if _, err := w.a.CopyFrom(ctx, at(other), Source{Account: w.a, Address: at(name)}, CopyPut{}); err != nil {
						t.Error(err)
					}
				}
				if got, err := w.read(at(name)); err != nil || got != text(i, n) {
					t.Errorf("%s in round %d: %v", name, n, err)
				}
				if got, err := w.read(at(other)); err != nil || got != text(i, n/5*5) {
					t.Errorf("%s in round %d: %v", other, n, err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	wg.Wait()
	w.s.tidy(ctx)
	checkLive(t, w)
}

// TestDamageIsNotMoved: damaged bytes stay where they are, and so does the file.
func TestDamageIsNotMoved(t *testing.T) {
	w := smallWorld(t, vfs.NewMem())
	defer w.close()
	for i := range 100 {
		w.put(fmt.Sprintf("b%02d", i), big(20_000))
	}
	c, err := w.a.Open(t.Context(), at("b03"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	r := c.v.rec.refs[0]
	c.Close()
	flip(t, w.fs, filepath.Join("blobs", extentName(r.extent)), r.at)
	for i := range 100 {
		if i != 3 && i != 4 {
			w.del(at(fmt.Sprintf("b%02d", i)), DeleteOptions{})
		}
	}
	for range 3 {
		w.s.tidy(t.Context())
	}
	w.want(at("b04"), big(20_000))
	_, err = w.read(at("b03"))
	wantCode(t, err, BlobDamaged)
	checkLive(t, w)
	w.del(at("b03"), DeleteOptions{})
	w.s.tidy(t.Context())
	checkLive(t, w)
}

// TestUploadLeavesNothing: an upload that is given up takes no space, whatever it
// wrote.
func TestUploadLeavesNothing(t *testing.T) {
	w := smallWorld(t, vfs.NewMem())
	defer w.close()
	for _, n := range []int{0, 10, pieceData, 30 * pieceData} {
		w.upload(big(n)).Discard()
	}
	u := w.upload(big(1000))
	_, err := w.a.PutBlob(t.Context(), at("b"), u, Put{Type: BlockBlob, Conditions: Conditions{IfMatch: []string{"*"}}})
	wantCode(t, err, ConditionNotMet)
	u.Discard()
	u.Discard()
	w.s.tidy(t.Context())
	usage, err := w.s.Usage()
	if err != nil || usage.Live != 0 || usage.Disk > 2*extentHeader {
		t.Errorf("%+v, %v", usage, err)
	}
	u = w.upload("x")
	defer u.Discard()
	if _, err := w.a.PutBlob(t.Context(), at("b"), u, Put{Type: BlockBlob}); err != nil {
		t.Fatal(err)
	}
	_, err = w.a.PutBlob(t.Context(), at("c"), u, Put{Type: BlockBlob})
	wantCode(t, err, InvalidOperation)
}

// failing makes the calls on extents fail that a test chooses.
type failing struct {
	mu    sync.Mutex
	kinds map[vfs.OpKind]error
	after int // calls of the kinds that go well first
}

func (f *failing) set(err error, after int, kinds ...vfs.OpKind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kinds, f.after = map[vfs.OpKind]error{}, after
	for _, k := range kinds {
		f.kinds[k] = err
	}
}

func (f *failing) MaybeError(op vfs.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.kinds[op.Kind]
	if err == nil || !strings.HasPrefix(op.Path, "blobs") {
		return nil
	}
	if f.after > 0 {
		f.after--
		return nil
	}
	return err
}

func (f *failing) String() string { return "failing" }

// TestDiskFaults: whatever call on an extent fails, the change is refused, what
// was there stays, and the store goes on when the disk does.
func TestDiskFaults(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
		for _, kind := range []vfs.OpKind{vfs.OpWriteAt, vfs.OpSyncData, vfs.OpSync, vfs.OpCreate, vfs.OpOpenDir} {
			for after := range 4 {
				name, ok := vfs.ChangeName(kind)
				if !ok {
					name = "open-dir"
				}
				t.Run(fmt.Sprintf("%v/%s/%d", errno, name, after), func(t *testing.T) {
					f := &failing{}
					w := smallWorld(t, vfs.WithFaults(vfs.NewCrashableMem(), f))
					defer w.close()
					w.put("b", "old")
					f.set(errno, after, kind)
					for i := range 12 {
						text := big(pieceData*i + i)
						i, err := w.tryPut("b", text, Put{})
						if err != nil {
							wantCode(t, err, ServerBusy)
							if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "blobs") {
								t.Errorf("got %v", err)
							}
							break
						}
						w.want(at("b"), text)
						_ = i
					}
					before, err := w.read(at("b"))
					if err != nil {
						t.Fatal(err)
					}
					f.set(nil, 0)
					w.want(at("b"), before)
					w.put("new", big(3*pieceData))
					w.want(at("new"), big(3*pieceData))
					w.s.tidy(t.Context())
					checkLive(t, w)
					w.reopen()
					w.want(at("b"), before)
					w.want(at("new"), big(3*pieceData))
					checkLive(t, w)
				})
			}
		}
	}
}
