package portal

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// ping serves GET /api/ping: an answer and nothing else, for who measures how
// far away the server is.
func ping(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// noRoute answers addresses below /api and /v1.0 that do not exist; elsewhere
// an unknown address is the application's start page.
func noRoute(_ http.ResponseWriter, r *http.Request) error {
	return fault.New(fault.NotFound, "", "there is no %s %s here", r.Method, r.URL.Path)
}

// ReadJSON reads a request's body of at most limit bytes: one JSON value without
// fields that v has not, so that a misspelt one is no order to do more than was
// meant. The content type must be JSON: a form of a foreign page cannot have it.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	if err := OnlyJSON(r); err != nil {
		return err
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("something stands behind its end")
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.TooLarge, "body", "more than %d bytes", limit)
	}
	if err != nil {
		return fault.New(fault.Invalid, "body", "it is not the JSON that is expected here: %v", err)
	}
	return nil
}

// OnlyJSON refuses a request whose body is not said to be JSON.
func OnlyJSON(r *http.Request) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return fault.New(fault.Invalid, "Content-Type", "the body must be application/json")
	}
	return nil
}

// Number reads a whole number of the query string.
func Number(r *http.Request, name string, fallback int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, name, "%q is not a whole number from 0", text)
	}
	return n, nil
}
