package entra

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// signIn is one that began: a page waits for a person's yes, or a program for
// what came of it.
type signIn struct {
	id      string // secret: names it on the page that asks, and to a program that waits for a device
	code    string // what a person types (device), or a program redeems
	consent consent
	nonce   string

	redirect, mode, state, challenge string // of the authorization endpoint

	device  bool
	granted bool
	ends    time.Time
	from    string // the address that began it
}

// pending are the sign-ins under way, at most maxPending, and maxPendingFrom of one
// address. Anybody may begin one, so none is pushed out by others': what is beyond is
// refused, but that the oldest of the pages in the browser of this machine, which
// people leave open, makes room for the next. The zero value is empty.
type pending struct {
	mu  sync.Mutex
	all []signIn // oldest first; guarded by mu
}

// add takes a sign-in in; false when too many wait.
func (p *pending) add(s signIn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clean()
	now, waiting, same, oldest := time.Now(), 0, 0, -1
	for n, x := range p.all {
		if x.granted || now.After(x.ends) {
			continue
		}
		waiting++
		if x.from == s.from && x.device == s.device {
			if same++; oldest < 0 {
				oldest = n
			}
		}
	}
	switch full := same >= maxPendingFrom; {
	case full && !s.device:
		p.all = slices.Delete(p.all, oldest, oldest+1)
	case full || waiting >= maxPending:
		return false
	}
	if len(p.all) >= 2*maxPending { // those that ended are kept for their programs to be told
		p.all = slices.DeleteFunc(p.all, func(x signIn) bool { return now.After(x.ends) })
	}
	p.all = append(p.all, s)
	return true
}

// clean forgets what has ended a while ago, so that a late program is told why.
func (p *pending) clean() {
	p.all = slices.DeleteFunc(p.all, func(s signIn) bool { return time.Since(s.ends) > lifeOfSignIn })
}

// get returns the one that is meant.
func (p *pending) get(is func(*signIn) bool) (signIn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clean()
	for n := range p.all {
		if is(&p.all[n]) {
			return p.all[n], true
		}
	}
	return signIn{}, false
}

// grant notes a person's yes; it is given once.
func (p *pending) grant(id, object string) (signIn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := range p.all {
		s := &p.all[n]
		if s.id == id && !s.granted && time.Now().Before(s.ends) {
			s.granted, s.consent.Object = true, object
			if !s.device {
				s.code = random(24)
			}
			return *s, true
		}
	}
	return signIn{}, false
}

// redeem takes one that was granted out: it is good once.
func (p *pending) redeem(is func(*signIn) bool) (signIn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := slices.IndexFunc(p.all, func(s signIn) bool { return s.granted && time.Now().Before(s.ends) && is(&s) })
	if n < 0 {
		return signIn{}, false
	}
	s := p.all[n]
	p.all = slices.Delete(p.all, n, n+1)
	return s, true
}

// letters of codes that people type: none can be read as another, or spells a word.
const letters = "BCDFGHJKLMNPQRSTVWXZ"

// typedCode is a code of nine letters.
func typedCode() string {
	b := make([]byte, 9)
	rand.Read(b)
	for n := range b {
		b[n] = letters[int(b[n])%len(letters)]
	}
	return string(b)
}
