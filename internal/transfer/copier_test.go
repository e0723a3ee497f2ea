package transfer

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

// noise is n bytes that no two pieces have alike.
func noise(seed byte, n int) []byte {
	out := make([]byte, n)
	r := rand.NewChaCha8([32]byte{seed})
	_, _ = r.Read(out) // never fails
	return out
}

func write1(t *testing.T, path string, data []byte) {
	t.Helper()
	check(t, os.WriteFile(path, data, 0o600))
}

// TestSizes: every size around a piece goes there and back, by blocks or in one.
func TestSizes(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	for _, n := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize, 5*pieceSize + 7} {
		data := noise(1, n)
		path, back := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		write1(t, path, data)
		if r, err := w.copy(w.file(path), w.blob("a"), Options{Overwrite: Always}); err != nil || r.Copied != 1 || r.Bytes != int64(n) {
			t.Fatal(n, r, err)
		}
		if got := w.read("a"); !bytes.Equal(got, data) {
			t.Errorf("%d bytes came as %d others", n, len(got))
		}
		if r, err := w.copy(w.blob("a"), w.file(back), Options{Overwrite: Always}); err != nil || r.Copied != 1 {
			t.Fatal(n, r, err)
		}
		if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes are a file of %d others: %v", n, len(got), err)
		}
		if r, err := w.copy(w.file(path), w.blob("a"), Options{}); err != nil || r.Same != 1 {
			t.Error(n, r, err)
		}
		if r, err := w.copy(w.file("-"), w.blob("stream"), Options{In: bytes.NewReader(data), Overwrite: Always}); err != nil || r.Copied != 1 {
			t.Fatal(n, r, err)
		}
		if !bytes.Equal(w.read("stream"), data) {
			t.Errorf("%d bytes of a stream came as others", n)
		}
	}
}

// TestChangedBlocksAlone: of a large file that changed a little, little is sent.
func TestChangedBlocksAlone(t *testing.T) {
	w, path := newWorld(t), filepath.Join(t.TempDir(), "f")
	data := noise(2, 6*pieceSize)
	write1(t, path, data)
	_, err := w.copy(w.file(path), w.blob("f"), Options{})
	check(t, err)
	data[3*pieceSize] ^= 1
	write1(t, path, data)
	r, err := w.copy(w.file(path), w.blob("f"), Options{Overwrite: Always})
	if err != nil || r.Resumed != 5*pieceSize {
		t.Error(r, err)
	}
	if !bytes.Equal(w.read("f"), data) {
		t.Error("the blob is another")
	}
}

// TestBlocksOfOthers: blocks with longer ids, of another program, are in nobody's way.
func TestBlocksOfOthers(t *testing.T) {
	w, path := newWorld(t), filepath.Join(t.TempDir(), "f")
	other := w.web.Container.NewBlockBlobClient("f")
	_, err := other.UploadBuffer(context.Background(), noise(3, 2*pieceSize), &blockblob.UploadBufferOptions{BlockSize: 1 << 20})
	check(t, err)
	data := noise(4, 2*pieceSize)
	write1(t, path, data)
	if _, err := w.copy(w.file(path), w.blob("f"), Options{Overwrite: Always}); err != nil || !bytes.Equal(w.read("f"), data) {
		t.Error(err)
	}
}

// way lets a test change what comes back for the ranges of blobs.
type way struct {
	http.ResponseWriter
	change func(data []byte) ([]byte, bool) // false breaks the connection
}

func (w way) Write(data []byte) (int, error) {
	changed, on := w.change(bytes.Clone(data))
	if _, err := w.ResponseWriter.Write(changed); err != nil {
		return 0, err
	}
	if !on {
		panic(http.ErrAbortHandler)
	}
	return len(data), nil
}

func ranged(change func([]byte) ([]byte, bool)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && r.Header.Get("X-Ms-Range") != "" {
				rw = way{rw, change}
			}
			next.ServeHTTP(rw, r)
		})
	}
}

// TestDamageIsFound: a byte that changes on its way is not written as if it were right,
// and no file has the target's name.
func TestDamageIsFound(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	for _, n := range []int{100, 3 * pieceSize} {
		write1(t, filepath.Join(dir, "f"), noise(5, n))
		_, err := w.copy(w.file(filepath.Join(dir, "f")), w.blob("f"), Options{Overwrite: Always})
		check(t, err)
		unsafe := ranged(func(data []byte) ([]byte, bool) { data[len(data)-1] ^= 1; return data, true })
		w.way.Store(&unsafe)
		_, err = w.copy(w.blob("f"), w.file(filepath.Join(dir, "out")), Options{})
		w.way.Store(nil)
		if !errors.Is(err, errDamaged) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 1 {
			t.Error(names, err)
		}
	}
}

// TestBrokenConnections: answers that end in the middle are asked for again.
func TestBrokenConnections(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	data := noise(6, 4*pieceSize)
	write1(t, filepath.Join(dir, "f"), data)
	_, err := w.copy(w.file(filepath.Join(dir, "f")), w.blob("f"), Options{})
	check(t, err)
	var writes, broken atomic.Int64
	unsafe := ranged(func(data []byte) ([]byte, bool) {
		if writes.Add(1)%7 == 3 && broken.Add(1) < 6 {
			return data[:len(data)/2], false
		}
		return data, true
	})
	w.way.Store(&unsafe)
	r, err := w.copy(w.blob("f"), w.file(filepath.Join(dir, "out")), Options{})
	if err != nil || r.Copied != 1 || broken.Load() == 0 {
		t.Fatal(r, err, broken.Load())
	}
	if got, err := os.ReadFile(filepath.Join(dir, "out")); err != nil || !bytes.Equal(got, data) {
		t.Error("the file is another", err)
	}
}

// TestChangedMeanwhile: a blob that is overwritten while it is read is no mixture of
// both, and what was fetched of the first is not used for the second.
func TestChangedMeanwhile(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	first, second := noise(7, 8*pieceSize), noise(8, 8*pieceSize)
	put := func(data []byte) {
		_, err := w.web.Container.NewBlockBlobClient("f").UploadBuffer(context.Background(), data, nil)
		check(t, err)
	}
	put(first)
	var asked atomic.Int64
	unsafe := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Ms-Range") != "" && asked.Add(1) == 6 {
				put(second)
			}
			next.ServeHTTP(rw, r)
		})
	}
	w.way.Store(&unsafe)
	out := filepath.Join(dir, "out")
	if _, err := w.copy(w.blob("f"), w.file(out), Options{Parallel: 1}); err == nil || !strings.Contains(err.Error(), "ConditionNotMet") {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(dir, ".lazuli-*.part"))
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	r, err := w.copy(w.blob("f"), w.file(out), Options{})
	if err != nil || r.Resumed != 0 {
		t.Fatal(r, err)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, second) {
		t.Error("the file is no copy of the second", err)
	}
	if parts, err := filepath.Glob(filepath.Join(dir, ".lazuli-*")); err != nil || len(parts) != 0 {
		t.Error("left behind:", parts, err)
	}
}

// TestThroughHere: a blob that the other account cannot read comes through this
// machine, with its headers and its metadata as they were written.
func TestThroughHere(t *testing.T) {
	w := newWorld(t)
	data, typ, encoding, v := noise(9, 3*pieceSize+5), "text/x-own", "gzip", "1"
	_, err := w.web.Container.NewBlockBlobClient("f").UploadBuffer(context.Background(), data, &blockblob.UploadBufferOptions{
		HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &typ, BlobContentEncoding: &encoding}, Metadata: map[string]*string{"camelCase": &v},
	})
	check(t, err)
	target := w.blob("g")
	target.Realm = "elsewhere"
	for _, n := range []int{1, 4} { // also with few buffers
		r, err := w.copy(w.blob("f"), target, Options{Parallel: n, Overwrite: Always})
		if err != nil || r.Copied != 1 {
			t.Fatal(r, err)
		}
	}
	if !bytes.Equal(w.read("g"), data) {
		t.Error("the copy is another")
	}
	headers, metadata, err := describe(context.Background(), job{source: w.web, from: "g"})
	if err != nil || value(headers.BlobContentType) != typ || value(headers.BlobContentEncoding) != encoding || value(metadata["camelCase"]) != v {
		t.Error(headers, metadata, err)
	}
}

// TestAsked: one is asked about each file that would be overwritten, and can end it.
func TestAsked(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	source := w.file(dir + "/")
	for _, name := range []string{"a", "b", "c", "d"} {
		write1(t, filepath.Join(dir, name), []byte("old "+name))
	}
	o := Options{Recursive: true, Parallel: 1}
	_, err := w.copy(source, w.web, o)
	check(t, err)
	for _, name := range []string{"a", "b", "c", "d"} {
		write1(t, filepath.Join(dir, name), []byte("new "+name))
	}
	var asked []string
	o.Ask = func(source, target Known) (bool, error) {
		asked = append(asked, filepath.Base(source.Name)+" "+target.Name)
		if len(asked) == 3 {
			return false, ErrStop
		}
		return len(asked) == 1, nil
	}
	r, err := w.copy(source, w.web, o)
	if !errors.Is(err, ErrStop) || r.Copied != 1 || r.Kept != 1 || r.Failed != 0 || len(asked) != 3 || asked[0] != "a blob://devstoreaccount1/web/a" {
		t.Error(r, err, asked)
	}
	if a, b := string(w.read("a")), string(w.read("b")); a != "new a" || b != "old b" {
		t.Error(a, b)
	}
}
