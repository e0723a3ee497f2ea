package signin

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Guard lets requests with a session or a token through to next. To all others
// it shows the page that asks, or answers with refuse, whose error is of kind
// Unauthorized or Throttled.
func (k *Keeper) Guard(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", k.page)
	mux.HandleFunc("POST /sign-in", k.submit)
	mux.HandleFunc("POST /sign-out", k.leave)
	for _, name := range []string{"sign-in.css", "sign-in.js"} {
		mux.Handle("GET /"+name, asset(name))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		allowed, err := k.check(r)
		switch {
		case allowed || r.URL.Path == "/mark.svg" && r.Method == http.MethodGet:
			next.ServeHTTP(w, r)
		case err == nil && isPage(r):
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		default:
			if err == nil {
				err = fault.New(fault.Unauthorized, "", "sign in at /sign-in, or send the portal's password as a bearer token")
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="lazuli"`)
			retryAfter(w, k.tries.wait(r.RemoteAddr))
			refuse(w, r, err)
		}
	})
	return mux
}

// check reports whether the request may pass; the error says why a token that
// it brought is no good.
func (k *Keeper) check(r *http.Request) (bool, error) {
	if k.signedIn(r) {
		return true, nil
	}
	word, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false, nil
	}
	return k.try(r, word)
}

// try checks a password or token of a peer that may still try.
func (k *Keeper) try(r *http.Request, word string) (bool, error) {
	right, waits := k.tries.judge(r.RemoteAddr, func() bool { return k.opens(word) })
	switch {
	case waits:
		return false, fault.New(fault.Throttled, "", "too many wrong passwords; wait a while")
	case !right:
		return false, fault.New(fault.Unauthorized, "", "the password is wrong")
	}
	return true, nil
}

// isPage reports whether a person opens an address in a browser.
func isPage(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func retryAfter(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
}

// page shows the form. With the code of the link it begins a session and goes
// on to the start page by the page's own hand: a redirect would still count as
// coming from wherever the link stood, and SameSite=Strict would hold the
// cookie back.
func (k *Keeper) page(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("once")
	switch {
	case code == "" && k.signedIn(r):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case code == "":
		show(w, r, http.StatusOK, asking)
	case k.useLink(code):
		k.begin(w, r)
		show(w, r, http.StatusOK, welcome)
	default:
		show(w, r, http.StatusForbidden, linkUsed)
	}
}

func (k *Keeper) submit(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	ok, err := k.try(r, r.PostFormValue("password"))
	switch {
	case ok:
		k.begin(w, r)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case fault.Is(err, fault.Throttled):
		retryAfter(w, k.tries.wait(r.RemoteAddr))
		show(w, r, http.StatusTooManyRequests, tooMany)
	default:
		show(w, r, http.StatusUnauthorized, wrong)
	}
}

func (k *Keeper) leave(w http.ResponseWriter, r *http.Request) {
	k.end(w, r)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
