package objectstore

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// benchWorld is a store on the disk.
func benchWorld(b *testing.B) *world {
	b.Helper()
	dir := b.TempDir()
	db, err := kv.Open(kv.Options{Dir: filepath.Join(dir, "db"), Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(Options{DB: db, Dir: filepath.Join(dir, "blobs"), Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	w := &world{t: b, db: db, s: s, a: s.Account(1)}
	b.Cleanup(w.close)
	if _, err := w.a.CreateContainer(b.Context(), "c", PrivateAccess, nil); err != nil {
		b.Fatal(err)
	}
	return w
}

// spread runs do b.N times from n goroutines.
func spread(b *testing.B, n int, do func(i int)) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
				do(i)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func (w *world) putBytes(b testing.TB, name string, body []byte) {
	u, err := w.a.NewUpload(b.Context(), int64(len(body)))
	if err != nil {
		b.Error(err)
		return
	}
	defer u.Discard()
	_, _ = u.Write(body)
	if _, err := w.a.PutBlob(b.Context(), at(name), u, Put{Type: BlockBlob, Properties: Properties{ContentType: "application/octet-stream"}}); err != nil {
		b.Error(err)
	}
}

// BenchmarkPut1K puts new durable blobs of 1 KiB from 16 goroutines.
func BenchmarkPut1K(b *testing.B) {
	w := benchWorld(b)
	body := []byte(big(1024))
	b.ResetTimer()
	spread(b, 16, func(i int) { w.putBytes(b, fmt.Sprintf("blob/%08d", i), body) })
}

// BenchmarkOverwrite1K overwrites a thousand blobs.
func BenchmarkOverwrite1K(b *testing.B) {
	w := benchWorld(b)
	body := []byte(big(1024))
	b.ResetTimer()
	spread(b, 16, func(i int) { w.putBytes(b, fmt.Sprintf("blob/%08d", i%1000), body) })
}

// BenchmarkGet1K reads random blobs of 100,000 from 16 goroutines.
func BenchmarkGet1K(b *testing.B) {
	w := filled(b, 100_000)
	b.ResetTimer()
	spread(b, 16, func(i int) {
		c, err := w.a.Open(b.Context(), at(fmt.Sprintf("blob/%08d", uint32(i)*2654435761%100_000)), Conditions{})
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		if err := c.WriteRange(io.Discard, 0, c.Info().Size); err != nil {
			b.Error(err)
		}
	})
}

// filled is a store with n blobs of 1 KiB.
func filled(b *testing.B, n int) *world {
	b.Helper()
	w := benchWorld(b)
	body := []byte(big(1024))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				w.putBytes(b, fmt.Sprintf("blob/%08d", i), body)
			}
		})
	}
	wg.Wait()
	return w
}

// BenchmarkList100K lists 100,000 blobs in pages of 5,000.
func BenchmarkList100K(b *testing.B) {
	w := filled(b, 100_000)
	for b.Loop() {
		count, o := 0, ListOptions{}
		for {
			page, next, err := w.a.List(b.Context(), "c", o)
			if err != nil {
				b.Fatal(err)
			}
			count += len(page)
			if o.Marker = next; next == "" {
				break
			}
		}
		if count != 100_000 {
			b.Fatalf("%d blobs", count)
		}
	}
}

// pattern is a reader of n bytes that costs little.
type pattern struct{ n int64 }

func (p *pattern) Read(b []byte) (int, error) {
	if p.n == 0 {
		return 0, io.EOF
	}
	m := min(int64(len(b)), p.n)
	p.n -= m
	return int(m), nil
}

const upload = 1 << 30

// BenchmarkUpload1G uploads and syncs a blob of 1 GiB, and says how much the heap
// grew meanwhile.
func BenchmarkUpload1G(b *testing.B) {
	w := benchWorld(b)
	b.SetBytes(upload)
	for b.Loop() {
		var before, peak runtime.MemStats
		runtime.ReadMemStats(&before)
		u, err := w.a.NewUpload(b.Context(), upload)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(u, &pattern{upload}); err != nil {
			b.Fatal(err)
		}
		runtime.ReadMemStats(&peak)
		if _, err := w.a.PutBlob(b.Context(), at("b"), u, Put{Type: BlockBlob}); err != nil {
			b.Fatal(err)
		}
		u.Discard()
		b.ReportMetric(float64(int64(peak.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MiB-heap")
		w.s.tidy(b.Context())
	}
}

// BenchmarkRawWrite1G is what the disk does at most: the same bytes into one file
// in the same portions, and a sync.
func BenchmarkRawWrite1G(b *testing.B) {
	buf := make([]byte, bufferPieces*pieceSize)
	b.SetBytes(upload)
	for b.Loop() {
		f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < upload; n += len(buf) {
			if _, err := f.Write(buf); err != nil {
				b.Fatal(err)
			}
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		f.Close()
		os.Remove(f.Name())
	}
}

// BenchmarkDownload1G reads a blob of 1 GiB.
func BenchmarkDownload1G(b *testing.B) {
	w := benchWorld(b)
	u, err := w.a.NewUpload(b.Context(), upload)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(u, &pattern{upload}); err != nil {
		b.Fatal(err)
	}
	if _, err := w.a.PutBlob(b.Context(), at("b"), u, Put{Type: BlockBlob}); err != nil {
		b.Fatal(err)
	}
	u.Discard()
	b.SetBytes(upload)
	for b.Loop() {
		c, err := w.a.Open(b.Context(), at("b"), Conditions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.WriteRange(io.Discard, 0, upload); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
