//go:build unix

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestGoStorageFunctions drives apps built on the functions package with the
// official clients: every trigger and binding of storage in one, and the thumbnail
// example, whose pixels are looked at.
func TestGoStorageFunctions(t *testing.T) {
	t.Parallel()
	var paths [2]string
	for i, dir := range []string{"testdata/storageapp", "../../examples/thumbnail/app"} {
		path, err := filepath.Abs(dir)
		if err != nil {
			t.Fatal(err)
		}
		paths[i] = path
	}
	dir := project(t, storageFunctionsHead+fmt.Sprintf(`
functions:
  port: 0
  apps:
    storage: {path: %q, settings: {SUFFIX: here}}
    thumbnail: {path: %q, port: 0}
`, paths[0], paths[1]), false)
	p := up(t, dir)
	put := func(q, text string) {
		t.Helper()
		if _, err := queueOf(t, p, q).EnqueueMessage(t.Context(), base64.StdEncoding.EncodeToString([]byte(text)), nil); err != nil {
			t.Fatal(err)
		}
	}
	put("work", "hello.")
	if got := takes(t, queueOf(t, p, "done")); got != "done: hello." {
		t.Errorf("the output has %q", got)
	}
	blobs := openBlobs(t, p)
	content := func(container, name string) []byte {
		out, err := blobs.DownloadStream(t.Context(), container, name, nil)
		if err != nil {
			return nil
		}
		defer out.Body.Close()
		all, err := io.ReadAll(out.Body)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if _, err := blobs.UploadBuffer(t.Context(), "inbox", "cat.one.png", []byte("\xff\x00cat"), nil); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 30*time.Second, func() bool { return string(content("outbox", "cat.one.txt")) == "thumb of \xff\x00cat" }, "the blob output")
	var answer string
	testkit.Eventually(t, 30*time.Second, func() bool { // outputs are written one after the other
		put("join", `{"file":"cat.one","least":3}`)
		answer = takes(t, queueOf(t, p, "answers-here"))
		return strings.Contains(answer, `"RowKey"`)
	}, "a row of the table")
	row := `{"PartitionKey":"png","RowKey":"cat.one","blob":"cat.one.png","size":5}`
	if want := `{"content":"thumb of \ufffd\u0000cat","count":1,"missing":true,"row":` + row + `,"rows":[` + row + `]}`; answer != want {
		t.Errorf("inputs:\n%s\nwant\n%s", answer, want)
	}

	picture := image.NewRGBA(image.Rect(0, 0, 256, 256)) // a thumbnail pixel covers four, one of them white
	for i := range 256 * 256 {
		picture.SetRGBA(i%256, i/256, color.RGBA{uint8(i % 256), uint8(i / 256), 0, 255})
		if i%2 == 0 && i/256%2 == 0 {
			picture.SetRGBA(i%256, i/256, color.RGBA{255, 255, 255, 255})
		}
	}
	var upload bytes.Buffer
	if err := png.Encode(&upload, picture); err != nil {
		t.Fatal(err)
	}
	if _, err := blobs.UploadBuffer(t.Context(), "samples-workers", "deep/down/a.png", upload.Bytes(), nil); err != nil {
		t.Fatal(err)
	}
	var small []byte
	testkit.Eventually(t, 30*time.Second, func() bool { small = content("thumbnails", "deep/down/a.png"); return small != nil }, "the thumbnail")
	got, err := png.Decode(bytes.NewReader(small))
	if err != nil || got.Bounds() != image.Rect(0, 0, 128, 128) {
		t.Fatal(err, got)
	}
	for i := range 128 * 128 {
		x, y := i%128, i/128
		want := color.RGBA{uint8((255 + 6*x + 2 + 2) / 4), uint8((255 + 6*y + 2 + 2) / 4), 64, 255}
		if c := color.RGBAModel.Convert(got.At(x, y)); c != want {
			t.Fatalf("pixel %d,%d is %v, want %v", x, y, c, want)
		}
	}
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}
