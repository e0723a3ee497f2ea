// Package web is the portal's pages: a Svelte application in src, and what
// Vite made of it in dist, which is committed and embedded so that a plain Go
// build has the whole portal.
//
// The one idea: an asset's bytes never change while the process runs, so each is
// compressed and hashed once, when somebody first asks for it, and answered
// from memory. Names that Vite has put a hash into may be cached for ever; the
// start page is asked for again and usually answered with 304. Its head names the
// files of the page that the address is of: the browser loads them beside the
// shell's instead of after them.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// start is the application's page; it serves every address that is no asset,
// because the application has its own routes. pages names the first segments of
// those, a line each, with the files that the page needs; at another address the
// application says what is near, and the answer is 404.
const (
	start = "index.html"
	pages = "pages.txt"
)

// Handler serves the pages.
func Handler() http.Handler { return handlerOf(bundle()) }

// bundle is what Vite made.
func bundle() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return dist // "dist" is a valid path, so this cannot be
	}
	return files
}

type handler struct {
	files  fs.FS
	assets sync.Map            // path -> *asset; a page's start: start, a blank, its first segment
	pages  map[string][]string // first segment -> files; that of "/" is empty
}

func handlerOf(files fs.FS) *handler {
	h := &handler{files: files, pages: map[string][]string{}}
	text, _ := fs.ReadFile(files, pages) // without it nothing is known to be no page
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 0 {
			h.pages[strings.Trim(words[0], "/")] = words[1:]
		}
	}
	return h
}

// pageOf is the first segment of an address, and whether the application has a page
// there.
func (h *handler) pageOf(name string) (string, bool) {
	first, _, _ := strings.Cut(name, "/")
	_, known := h.pages[first]
	return first, known || first == "" || len(h.pages) == 0
}

// Build names what Vite made, so that an open page can tell that it is old.
func Build() string {
	text, _ := fs.ReadFile(bundle(), start)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// asset is a file, ready to be sent.
type asset struct {
	plain, zipped []byte // zipped is nil where it would not be smaller
	kind, tag     string
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	a, err := h.asset(name)
	status := http.StatusOK
	if err != nil && strings.HasPrefix(name, "assets/") {
		http.NotFound(w, r)
		return
	}
	if err != nil || name == pages || name == start {
		page, known := h.pageOf(strings.TrimPrefix(name, start))
		if !known {
			status = http.StatusNotFound
		}
		name = start
		if a, err = h.startOf(page); err != nil {
			http.Error(w, "the portal's pages are not built", http.StatusNotFound)
			return
		}
	}
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("ETag", a.tag)
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if status == http.StatusOK && strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	if a.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the browser may be gone
	}
}

// startOf is the start page for an address below a first segment.
func (h *handler) startOf(page string) (*asset, error) {
	files, ok := h.pages[page]
	if !ok {
		return h.asset(start)
	}
	key := start + " " + page
	if a, ok := h.assets.Load(key); ok {
		return a.(*asset), nil
	}
	plain, err := fs.ReadFile(h.files, start)
	if err != nil {
		return nil, err
	}
	var links strings.Builder
	for _, file := range files {
		kind := "modulepreload"
		if path.Ext(file) == ".css" {
			kind = "stylesheet"
		}
		fmt.Fprintf(&links, "  <link rel=%q crossorigin href=\"/%s\">\n  ", kind, file)
	}
	plain = bytes.Replace(plain, []byte("</head>"), []byte(links.String()+"</head>"), 1)
	return h.keep(key, start, plain), nil
}

func (h *handler) asset(name string) (*asset, error) {
	if a, ok := h.assets.Load(name); ok {
		return a.(*asset), nil
	}
	plain, err := fs.ReadFile(h.files, name)
	if err != nil {
		return nil, err
	}
	return h.keep(name, name, plain), nil
}

// keep makes an asset of a file's bytes.
func (h *handler) keep(key, name string, plain []byte) *asset {
	sum := sha256.Sum256(plain)
	a := &asset{plain: plain, kind: mime.TypeByExtension(path.Ext(name)), tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	if a.kind == "" {
		a.kind = "application/octet-stream"
	}
	if zipped := compress(plain); len(zipped) < len(plain) {
		a.zipped = zipped
	}
	h.assets.Store(key, a)
	return a
}

func compress(plain []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return plain
	}
	if _, err := z.Write(plain); err != nil || z.Close() != nil {
		return plain
	}
	return b.Bytes()
}
