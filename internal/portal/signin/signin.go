// Package signin asks a person for a password before the portal's pages and
// its JSON interface answer, for portals that other machines reach.
//
// A browser signs in with the password, or once with a link that the start
// screen shows, and then holds a session cookie that scripts cannot read and
// other sites cannot send (HttpOnly, SameSite=Strict). A program sends the
// password as a bearer token; the commands of this machine find a token in the
// instance file. Nothing is compared in a time that depends on it, and wrong
// tries make the next one wait. Requests of foreign pages never come here: the
// door refuses them.
//
//	GET  /sign-in?once=CODE   the link: a session, and the start page
//	GET  /sign-in             the page that asks
//	POST /sign-in             its form: password=…
//	POST /sign-out            ends the session
package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	sessionLife = 24 * time.Hour
	linkLife    = time.Hour
	maxSessions = 1000 // the oldest gives way
)

// Keeper knows who may come in.
type Keeper struct {
	password, token string
	tries           tries

	mu       sync.Mutex
	link     string                 // the code of the one link; "" when used; guarded by mu
	linkEnds time.Time              // guarded by mu
	sessions map[[32]byte]time.Time // hash of the cookie -> when it ends; guarded by mu
}

// New returns a keeper that asks for the password, or for one that it makes up.
func New(password string) *Keeper {
	k := &Keeper{password: password, token: secret(), link: secret(), linkEnds: time.Now().Add(linkLife), sessions: map[[32]byte]time.Time{}}
	if password == "" {
		k.password = k.token
	}
	return k
}

// Password is what a person types. It is good until the process ends, or is
// the one that New was given.
func (k *Keeper) Password() string { return k.password }

// Token opens the portal for programs of this user.
func (k *Keeper) Token() string { return k.token }

// Link is the address, below the portal's, that opens it once.
func (k *Keeper) Link() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return "/sign-in?once=" + k.link
}

// secret makes 125 random bits, in groups that a person can type.
func secret() string {
	var b [16]byte
	rand.Read(b[:])
	text := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))[:25]
	return strings.Join([]string{text[:5], text[5:10], text[10:15], text[15:20], text[20:25]}, "-")
}

// same compares in a time that tells nothing, not even the length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// opens reports whether a password or token is right. Both are compared always.
func (k *Keeper) opens(word string) bool {
	password, token := same(word, k.password), same(word, k.token)
	return word != "" && (password || token)
}

// useLink takes the link's code; it works once.
func (k *Keeper) useLink(code string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.link == "" || !same(code, k.link) || time.Now().After(k.linkEnds) {
		return false
	}
	k.link = ""
	return true
}

// cookieName is another one under TLS, because a browser does not let a plain
// page replace a cookie that a secure one has set.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-lazuli-session"
	}
	return "lazuli-session"
}

// begin gives the browser a session.
func (k *Keeper) begin(w http.ResponseWriter, r *http.Request) {
	value := rand.Text()
	k.mu.Lock()
	if len(k.sessions) >= maxSessions {
		k.dropOldest()
	}
	k.sessions[sha256.Sum256([]byte(value))] = time.Now().Add(sessionLife)
	k.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", MaxAge: int(sessionLife.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
}

// dropOldest makes room. The caller holds mu.
func (k *Keeper) dropOldest() {
	var oldest [32]byte
	var first time.Time
	for id, ends := range k.sessions {
		if first.IsZero() || ends.Before(first) {
			oldest, first = id, ends
		}
	}
	delete(k.sessions, oldest)
}

// signedIn reports whether the request carries a living session. The lookup is
// by the cookie's hash, so its time tells nothing about other cookies.
func (k *Keeper) signedIn(r *http.Request) bool {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return false
	}
	id := sha256.Sum256([]byte(c.Value))
	k.mu.Lock()
	defer k.mu.Unlock()
	ends, ok := k.sessions[id]
	if ok && time.Now().After(ends) {
		delete(k.sessions, id)
		ok = false
	}
	return ok
}

// end forgets the request's session.
func (k *Keeper) end(w http.ResponseWriter, r *http.Request) {
	name := cookieName(r)
	if c, err := r.Cookie(name); err == nil {
		k.mu.Lock()
		delete(k.sessions, sha256.Sum256([]byte(c.Value)))
		k.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
}
