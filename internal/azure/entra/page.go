package entra

import (
	"bytes"
	"html/template"
	"net/http"
)

// pageData is what the one page shows.
type pageData struct {
	Title, Action string
	ID            string // of a sign-in, on the page that asks
	UserCode      string // of a device
	Client, Name  string
	Code, State   string // on the way back

	Ask, Type, Wrong, Done, Back bool
}

const pageText = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}} · Lazuli</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1rem;color:#1b2733;background:#fff}
button,input{font:inherit;padding:.5rem 1rem}button{background:#1f4fa3;color:#fff;border:0;border-radius:4px}
code{word-break:break-all}@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#10171e}}
</style>
<h1>{{.Title}}</h1>
{{if .Wrong}}<p role="alert">No program waits for this code. It may have ended; begin anew there.</p>{{end}}
{{if .Type}}<form method="post" action="{{.Action}}"><p><label>The code that your program shows: <input name="user_code" autocomplete="off" autofocus required maxlength="20"></label></p><button>Next</button></form>{{end}}
{{if .Ask}}<p>The program with the client id <code>{{.Client}}</code> wants to sign in to this Lazuli project as <b>{{.Name}}</b>, who owns it. Go on only if you started that program just now.</p>
<form method="post" action="{{.Action}}">{{if .ID}}<input type="hidden" name="request" value="{{.ID}}">{{end}}{{if .UserCode}}<input type="hidden" name="user_code" value="{{.UserCode}}"><input type="hidden" name="confirmed" value="yes">{{end}}<button autofocus>Sign in</button></form>{{end}}
{{if .Done}}<p>You are signed in. This page can be closed.</p>{{end}}
{{if .Back}}<form method="post" action="{{.Action}}"><input type="hidden" name="code" value="{{.Code}}">{{if .State}}<input type="hidden" name="state" value="{{.State}}">{{end}}<button autofocus>Go back to the program</button></form>{{end}}
</html>
`

// page shows the page. No script runs on it, no other page may frame it.
func page(w http.ResponseWriter, status int, d pageData) *refusal {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return internalError(err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, d); err != nil {
		return internalError(err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // the browser may be gone
	return nil
}
