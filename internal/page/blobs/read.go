package blobs

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxPreview = 256 << 10
	maxImage   = 16 << 20
)

// caged is what a blob's bytes may do in a browser that shows them after all: nothing,
// and in no origin of ours. They are foreign: HTML or SVG of somebody else must not run
// where the portal does.
const caged = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// content opens what the request names; close it after use. Its headers say already
// that the answer is to be kept, not shown.
func (p *page) content(w http.ResponseWriter, r *http.Request) (*objectstore.Content, error) {
	t, err := p.blob(r)
	if err != nil {
		return nil, err
	}
	c, err := t.Stored.Open(r.Context(), t.Address, objectstore.Conditions{})
	if err != nil {
		return nil, worded(err)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", caged)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", attachment(t.Blob))
	return c, nil
}

// attachment names the file that a browser keeps: the last step of the blob's name,
// without what a file's name cannot have.
func attachment(name string) string {
	name = strings.TrimRight(name, "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	name = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || strings.ContainsRune(`\/:*?"<>|`, c) {
			return '_'
		}
		return c
	}, name)
	if strings.Trim(name, ".") == "" {
		name = "blob"
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// download serves GET …/download?name=…: the bytes as a file to keep, all or from
// where the browser's own download broke off (Range: bytes=N-).
func (p *page) download(w http.ResponseWriter, r *http.Request) error {
	c, err := p.content(w, r)
	if err != nil {
		return err
	}
	defer c.Close()
	info := c.Info()
	etag := `"` + info.ETag + `"`
	from := int64(0)
	if match := r.Header.Get("If-Range"); match == "" || match == etag {
		from = rangeStart(r.Header.Get("Range"), info.Size)
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(info.Size-from, 10))
	h.Set("Accept-Ranges", "bytes")
	h.Set("ETag", etag)
	status := http.StatusOK
	if from > 0 {
		h.Set("Content-Range", "bytes "+strconv.FormatInt(from, 10)+"-"+strconv.FormatInt(info.Size-1, 10)+"/"+strconv.FormatInt(info.Size, 10))
		status = http.StatusPartialContent
	}
	return send(w, status, c, from, info.Size-from)
}

// rangeStart reads the one form of a range that a browser goes on with. 0: from the
// start.
func rangeStart(text string, size int64) int64 {
	rest, ok := strings.CutPrefix(text, "bytes=")
	from, err := strconv.ParseInt(strings.TrimSuffix(rest, "-"), 10, 64)
	if !ok || !strings.HasSuffix(rest, "-") || err != nil || from <= 0 || from >= size {
		return 0
	}
	return from
}

// send writes n bytes from a place on. A piece that is damaged ends the connection, so
// that nobody takes what came for the whole.
func send(w http.ResponseWriter, status int, c *objectstore.Content, from, n int64) error {
	h := w.Header()
	a := portal.NewAnswer(w, h.Get("Content-Type"))
	defer a.Close()
	out := &late{to: a, begin: func() { w.WriteHeader(status) }}
	err := c.WriteRange(out, from, n)
	switch {
	case err == nil && !out.begun:
		out.begin()
	case err != nil && out.begun:
		panic(http.ErrAbortHandler)
	case err != nil:
		h.Del("Content-Length")
		h.Del("Content-Range")
	}
	return err
}

// late begins an answer with its first byte, so that an error before it has an answer
// of its own.
type late struct {
	to    io.Writer
	begin func()
	begun bool
}

func (l *late) Write(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.begin()
	}
	return l.to.Write(p)
}

// preview serves GET …/preview?name=…: the first 256 KB, as bytes. Blob-Size is the
// size of the whole.
func (p *page) preview(w http.ResponseWriter, r *http.Request) error {
	c, err := p.content(w, r)
	if err != nil {
		return err
	}
	defer c.Close()
	size := c.Info().Size
	var b bytes.Buffer
	if err := c.WriteRange(&b, 0, min(size, maxPreview)); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Blob-Size", strconv.FormatInt(size, 10))
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = w.Write(b.Bytes()) // the page may be gone
	return nil
}

// images are the pictures that a page may show, by how their bytes begin. What a blob
// says of itself counts for nothing.
func imageType(b []byte) string {
	switch kind := http.DetectContentType(b); kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/x-icon":
		return kind
	}
	if len(b) > 12 && string(b[4:8]) == "ftyp" && (string(b[8:12]) == "avif" || string(b[8:12]) == "avis") {
		return "image/avif"
	}
	if text := strings.ToLower(string(b)); strings.Contains(text, "<svg") && strings.HasPrefix(strings.TrimLeft(text, "\ufeff \t\r\n"), "<") {
		return "image/svg+xml"
	}
	return ""
}

// image serves GET …/image?name=… for <img>: a picture, as what it is by its bytes.
// An SVG is one too: as a picture it runs no script and loads nothing, and opened by
// itself the cage holds it.
func (p *page) image(w http.ResponseWriter, r *http.Request) error {
	c, err := p.content(w, r)
	if err != nil {
		return err
	}
	defer c.Close()
	size := c.Info().Size
	if size > maxImage {
		return fault.New(fault.TooLarge, "image", "more than %d bytes; download it", maxImage)
	}
	var b bytes.Buffer
	if err := c.WriteRange(&b, 0, min(size, 1024)); err != nil {
		return err
	}
	kind := imageType(b.Bytes())
	if kind == "" {
		return fault.New(fault.Invalid, "image", "it is none that is shown here: PNG, JPEG, GIF, WebP, AVIF, BMP, ICO or SVG")
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	return send(w, http.StatusOK, c, 0, size)
}
