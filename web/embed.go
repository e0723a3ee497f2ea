// Package web is the portal's pages: a Svelte application in src, and what
// Vite made of it in dist, which is committed and embedded so that a plain Go
// build has the whole portal.
//
// The one idea: an asset's bytes never change while the process runs, so each is
// compressed and hashed once, when somebody first asks for it, and answered
// from memory. Names that Vite has put a hash into may be cached for ever; the
// start page is asked for again and usually answered with 304.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
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
// because the application has its own routes.
const start = "index.html"

// Handler serves the pages.
func Handler() http.Handler { return &handler{} }

type handler struct{ assets sync.Map } // path -> *asset

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
	if err != nil && strings.HasPrefix(name, "assets/") {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		name = start
		if a, err = h.asset(name); err != nil {
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
	if strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	if a.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the browser may be gone
	}
}

func (h *handler) asset(name string) (*asset, error) {
	if a, ok := h.assets.Load(name); ok {
		return a.(*asset), nil
	}
	plain, err := fs.ReadFile(dist, path.Join("dist", name))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	a := &asset{plain: plain, kind: mime.TypeByExtension(path.Ext(name)), tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	if a.kind == "" {
		a.kind = "application/octet-stream"
	}
	if zipped := compress(plain); len(zipped) < len(plain) {
		a.zipped = zipped
	}
	h.assets.Store(name, a)
	return a, nil
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
