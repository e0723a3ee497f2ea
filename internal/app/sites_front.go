package app

import (
	"context"
	"io"
	"net/http"
	"time"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// sitePatience is how long a request waits for an app that is loading.
const sitePatience = 60 * time.Second

// siteFront answers for a site, whatever runs of it.
type siteFront struct {
	e    *env
	name string
}

// siteFront is what answers for the account of a site; nil: it is none.
func (e *env) siteFront(a resource.Account) http.Handler {
	if _, there := e.Sites.Get(a.Name); !there {
		return nil
	}
	return &siteFront{e, a.Name}
}

// ServeHTTP implements http.Handler.
func (f *siteFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), sitePatience)
	defer cancel()
	st := f.settled(ctx)
	if app, runs := st.App.(*functionApp); runs {
		app.front.ServeHTTP(w, r)
		return
	}
	switch st.Phase {
	case site.Stopped:
		page(w, http.StatusForbidden, "Error 403 - This web app is stopped.\nThe web app you have attempted to reach is currently stopped and does not accept any requests.\n")
	case site.Empty:
		if r.URL.Path == "/" {
			page(w, http.StatusOK, "Your Functions 4.0 app is up and running.\nNothing was deployed to it yet.\n")
			return
		}
		w.WriteHeader(http.StatusNotFound)
	case site.Failed:
		page(w, http.StatusServiceUnavailable, "Function host is not running.\n"+st.Err.Error()+"\n")
	case site.Loading, site.Running:
		w.Header().Set("Retry-After", "1")
		page(w, http.StatusServiceUnavailable, "Function host is not running.\nThe function app is starting.\n")
	}
}

// settled is the site's state once it is not loading any more, or ctx ended.
func (f *siteFront) settled(ctx context.Context) site.State {
	for {
		changed := f.e.Sites.Changed()
		st, there := f.e.Sites.State(f.name)
		if !there || st.Phase != site.Loading {
			return st
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return st
		}
	}
}

// AllowsOrigin implements door.OriginAllower.
func (f *siteFront) AllowsOrigin(r *http.Request) bool {
	app := f.e.siteApp(f.name)
	return app != nil && app.front.AllowsOrigin(r)
}

// Refuse implements door.Refuser.
func (f *siteFront) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	azfunctions.Refuse(w, r, err)
}

func page(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, err := io.WriteString(w, text)
	_ = err // the client is gone
}
