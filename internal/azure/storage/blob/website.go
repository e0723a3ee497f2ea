package blob

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// The static website of an account: GET and HEAD on NAME.z1.web… (any z and number, or
// NAME.web…) read the container $web without authorization, whatever its level, when
// the service's properties enable it. A path that is empty or ends in a slash is its
// index document; what is not there is the error document, with a 404.

// websiteContainer is where the pages are.
const websiteContainer = "$web"

// isWebsite reports whether the request came to the website's host.
func (x *exchange) isWebsite() bool {
	if !x.req.HostStyle {
		return false
	}
	labels := strings.SplitN(strings.ToLower(x.r.Host), ".", 4)
	if len(labels) > 2 && labels[2] == "web" {
		_, err := strconv.Atoi(strings.TrimPrefix(labels[1], "z"))
		return err == nil && labels[1][0] == 'z'
	}
	return len(labels) > 1 && labels[1] == "web"
}

func (x *exchange) serveWebsite() error {
	x.event.Operation = "website.get"
	x.grant.Anonymous = true
	site := x.svc.endpoint.Properties().StaticWebsite
	if site == nil || !site.Enabled {
		return x.webError("The website is not enabled.")
	}
	if x.r.Method != get && x.r.Method != head {
		return storage.Fail("UnsupportedHttpVerb")
	}
	container, rest, err := x.req.Names()
	if err != nil {
		return err
	}
	path := container
	if strings.Count(x.req.Path, "/") > 1 {
		path += "/" + rest
	}
	x.target.Container, x.target.Blob = websiteContainer, indexed(path, site)
	if err := x.servePage(); err == nil || !isMissing(err) {
		return err
	}
	return x.errorPage(site.ErrorDocument404Path)
}

// indexed is the blob that a path means.
func indexed(path string, site *storage.StaticWebsite) string {
	switch {
	case path == "" && site.DefaultIndexDocumentPath != "":
		return strings.TrimPrefix(site.DefaultIndexDocumentPath, "/")
	case path == "", strings.HasSuffix(path, "/"):
		return path + site.IndexDocument
	}
	return path
}

func (x *exchange) servePage() error {
	if checkBlobName(x.target.Blob) != nil {
		return storage.Fail("ResourceNotFound")
	}
	if x.r.Method == head {
		return x.headBlob()
	}
	return x.getBlob()
}

func isMissing(err error) bool { return asError(err).Status == http.StatusNotFound }

// errorPage answers with the error document, whole.
func (x *exchange) errorPage(name string) error {
	if name == "" {
		return x.webError("")
	}
	addr := objectstore.Address{Container: websiteContainer, Blob: strings.TrimPrefix(name, "/")}
	c, err := x.svc.store.Open(x.ctx(), addr, objectstore.Conditions{})
	if err != nil {
		return x.webError("")
	}
	defer c.Close()
	info := c.Info()
	x.setContent(&info.Properties)
	x.set("Content-Length", strconv.FormatInt(info.Size, 10))
	x.head(http.StatusNotFound)
	if x.r.Method == head {
		return nil
	}
	return x.sent(info.Size, c.WriteRange(x.w, 0, info.Size))
}

// webError answers people, not programs.
func (x *exchange) webError(reason string) error {
	page := "<!DOCTYPE html><html><head><title>WebContentNotFound</title></head><body><h1>The requested content does not exist.</h1><p>" + reason + "</p></body></html>"
	x.set("Content-Type", "text/html")
	x.set("Content-Length", strconv.Itoa(len(page)))
	x.set("x-ms-error-code", "WebContentNotFound")
	x.head(http.StatusNotFound)
	if x.r.Method == head {
		return nil
	}
	_, err := x.w.Write([]byte(page))
	return x.sent(int64(len(page)), err)
}
