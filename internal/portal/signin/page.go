package signin

import (
	"embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed page
var files embed.FS

// state is what the page says.
type state string

const (
	asking   state = "asking"
	wrong    state = "wrong"
	tooMany  state = "tooMany"
	linkUsed state = "linkUsed"
	welcome  state = "welcome"
)

// policy is what the page may do: its own style, script and form.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// show writes the page in both languages; its attributes say which is seen.
func show(w http.ResponseWriter, r *http.Request, code int, s state) {
	page, err := template.ParseFS(files, "page/sign-in.html")
	if err != nil {
		http.Error(w, "the sign-in page is damaged", http.StatusInternalServerError)
		return
	}
	lang := "en"
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "ko") {
		lang = "ko"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // without one, browsers say "Origin: null" with the form
	w.WriteHeader(code)
	_ = page.Execute(w, map[string]any{"Lang": lang, "State": string(s)}) // the browser may be gone
}

// asset answers one of the page's files.
func asset(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, "page/"+name)
	})
}
