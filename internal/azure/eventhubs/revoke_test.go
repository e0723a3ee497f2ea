package eventhubs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// soonAfterChange is how long a link may live that access does not allow any
// more; the service's own promise is minutes.
const soonAfterChange = 5 * time.Second

// live is a send link and a receive link of one connection.
type live struct {
	w        *world
	sender   *amqp.Link
	receiver *inbox
}

// open attaches both links by a session's claims.
func (w *world) open(s *amqp.Session) *live {
	w.t.Helper()
	l := &live{w: w}
	var err error
	if l.sender, err = s.AttachSender(within(w.t), "live", "hub", nil); err != nil {
		w.t.Fatal(err)
	}
	if l.receiver, err = w.receive(s, partition0, 10, nil); err != nil {
		w.t.Fatal(err)
	}
	return l
}

// ends demands that both links are detached at once, with the text.
func (l *live) ends(text string) {
	l.w.t.Helper()
	late := time.After(soonAfterChange)
	select {
	case <-l.sender.Done():
		wantError(l.w.t, l.sender.Err(), amqp.ErrUnauthorized, text)
	case <-late:
		l.w.t.Error("the sender lives on")
	}
	select {
	case err := <-l.receiver.ended:
		wantError(l.w.t, err, amqp.ErrUnauthorized, text)
	case <-late:
		l.w.t.Error("the receiver lives on")
	}
}

// goesOn demands that both links still work.
func (l *live) goesOn() {
	l.w.t.Helper()
	if err := send(l.w.t, l.sender, 0, event("on")); err != nil {
		l.w.t.Errorf("the sender: %v", err)
	}
	select {
	case err := <-l.receiver.ended:
		l.w.t.Errorf("the receiver: %v", err)
	default:
	}
}

// put opens a connection with a token on $cbs.
func (w *world) put(tokenType, audience, token string) (*amqp.Session, *rpc) {
	w.t.Helper()
	s := w.begin(w.dial("", ""))
	cbs := w.newRPC(s, "$cbs", "r")
	if code, text, _ := cbs.putToken(tokenType, audience, token); code != 202 {
		w.t.Fatalf("%d %s", code, text)
	}
	return s, cbs
}

const wholeHub = "sb://localhost/hub"

func keyToken(rule, key string) string {
	return NewSASToken(wholeHub, rule, key, time.Now().Add(time.Hour))
}

// two is a rule with both keys, as every rule of Azure has them.
func two(primary, secondary string) Rule {
	return Rule{Name: "app", Key: primary, SecondaryKey: secondary, Rights: Listen | Send}
}

func TestRegeneratedKeyEndsItsLinks(t *testing.T) {
	w := newWorld(t, nil)
	w.access.change(func(a *fakeAccess) { a.rules = append(a.rules, two("one", "two")) })
	byPrimary, cbs := w.put(sasType, wholeHub, keyToken("app", "one"))
	bySecondary, _ := w.put(sasType, wholeHub, keyToken("app", "two"))
	primary, secondary := w.open(byPrimary), w.open(bySecondary)
	plainPrimary := w.open(w.begin(w.dial("app", "one")))
	plainSecondary := w.open(w.begin(w.dial("app", "two")))
	other := w.open(w.root())

	w.access.change(func(a *fakeAccess) { a.rules = []Rule{emulatorRule(), two("new", "two")} })
	gone := "The shared access policy 'app' is gone, or its key was regenerated. TrackingId:"
	primary.ends(gone)
	plainPrimary.ends(gone)
	for _, l := range []*live{secondary, plainSecondary, other} {
		l.goesOn()
	}
	wantError(t, w.sendRaw(byPrimary, "hub", 0, event("x")), amqp.ErrUnauthorized, "'Send' claim(s) are required")
	if code, text, _ := cbs.putToken(sasType, wholeHub, keyToken("app", "one")); code != 401 || !strings.HasPrefix(text, "InvalidSignature: ") {
		t.Errorf("the old key: %d %s", code, text)
	}
	if c, err := amqp.Dial(within(t), w.addr, amqp.DialConfig{Username: "app", Password: "one"}); err == nil {
		c.Close(nil)
		t.Error("the old key is let in")
	}
	if code, text, _ := cbs.putToken(sasType, wholeHub, keyToken("app", "new")); code != 202 {
		t.Errorf("the new key: %d %s", code, text)
	}
	if err := w.sendRaw(byPrimary, "hub", 0, event("x")); err != nil {
		t.Errorf("the connection with its new key: %v", err)
	}
}

func TestRemovedRuleEndsItsLinks(t *testing.T) {
	w := newWorld(t, nil)
	w.access.change(func(a *fakeAccess) {
		a.rules = append(a.rules, two("one", "two"), Rule{Name: "hubs", Key: "k", Rights: Listen | Send, Hub: "HUB"})
	})
	mine, _ := w.put(sasType, wholeHub, keyToken("app", "one"))
	hubs, _ := w.put(sasType, wholeHub, keyToken("hubs", "k"))
	app, hub, plain := w.open(mine), w.open(hubs), w.open(w.begin(w.dial("hubs", "k")))

	// The same name and key in another place is another rule.
	w.access.change(func(a *fakeAccess) {
		a.rules = []Rule{emulatorRule(), two("one", "two"), {Name: "hubs", Key: "k", Rights: Listen | Send, Hub: "other"}}
	})
	hub.ends("The shared access policy 'hubs' is gone")
	plain.ends("The shared access policy 'hubs' is gone")
	app.goesOn()
}

func TestLessRightsEndOnlyWhatNeedsThem(t *testing.T) {
	w := newWorld(t, nil)
	w.access.change(func(a *fakeAccess) { a.rules = append(a.rules, two("one", "")) })
	s, _ := w.put(sasType, wholeHub, keyToken("app", "one"))
	l := w.open(s)
	w.access.change(func(a *fakeAccess) { a.rules[len(a.rules)-1].Rights = Send })
	select {
	case err := <-l.receiver.ended:
		wantError(t, err, amqp.ErrUnauthorized, "'Listen' claim(s) are required to perform this operation. Resource: 'sb://localhost/"+partition0+"'. TrackingId:")
	case <-time.After(soonAfterChange):
		t.Error("the receiver lives on")
	}
	if err := send(t, l.sender, 0, event("x")); err != nil {
		t.Errorf("the sender: %v", err)
	}
}

func TestDisabledLocalAuthEndsKeysAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.access.verify = func(string) (Bearer, error) {
		return Bearer{May: func(Rights, string) error { return nil }}, nil
	}
	byKey, cbs := w.put(sasType, wholeHub, emulatorToken(wholeHub, time.Hour))
	byToken, _ := w.put("jwt", wholeHub, "a.b.c")
	key, plain, token := w.open(byKey), w.open(w.root()), w.open(byToken)

	w.access.change(func(a *fakeAccess) { a.noLocal = true })
	text := "LocalAuthDisabled: Authorization failed because SAS authentication has been disabled for the namespace. TrackingId:"
	key.ends(text)
	plain.ends(text)
	token.goesOn()
	if code, got, _ := cbs.putToken(sasType, wholeHub, emulatorToken(wholeHub, time.Hour)); code != 401 || !strings.HasPrefix(got, text) {
		t.Errorf("%d %s", code, got)
	}
	if c, err := amqp.Dial(within(t), w.addr, amqp.DialConfig{Username: "RootManageSharedAccessKey", Password: "SAS_KEY_VALUE"}); err == nil {
		c.Close(nil)
		t.Error("the key is let in")
	}
	w.eventually("the refusal of the key is reported", func(e Event) bool {
		a, ok := e.(AuthFailed)
		return ok && strings.HasPrefix(a.Reason, "SASL PLAIN: LocalAuthDisabled: ")
	})

	w.access.change(func(a *fakeAccess) { a.noLocal = false })
	w.open(w.root()).goesOn()
	if err := w.sendRaw(byKey, "hub", 0, event("x")); err != nil { // its token was good all along
		t.Errorf("after local authentication came back: %v", err)
	}
}

func TestRemovedRoleEndsItsLinks(t *testing.T) {
	w := newWorld(t, nil)
	roles := make(chan map[string]bool, 1) // of who may; taken to look, put back after
	roles <- map[string]bool{"ann": true, "bob": true}
	w.access.verify = func(token string) (Bearer, error) {
		return Bearer{Principal: token, May: func(right Rights, path string) error {
			may := <-roles
			defer func() { roles <- may }()
			if may[token] {
				return nil
			}
			return fault.New(fault.Forbidden, "", "principal '%s' has no role for %s on %s.", token, right, path)
		}}, nil
	}
	asAnn, _ := w.put("jwt", wholeHub, "ann")
	asBob, _ := w.put("jwt", "sb://localhost/", "bob")
	ann, bob := w.open(asAnn), w.open(asBob)
	may := <-roles
	may["ann"] = false
	roles <- may
	w.access.change(func(*fakeAccess) {})
	late := time.After(soonAfterChange)
	select {
	case <-ann.sender.Done():
		wantError(t, ann.sender.Err(), amqp.ErrUnauthorized, "Unauthorized access. 'Send' claim(s) are required to perform this operation. "+
			"Resource: 'sb://localhost/hub'. principal 'ann' has no role for Send on hub. TrackingId:")
	case <-late:
		t.Error("the sender lives on")
	}
	select {
	case err := <-ann.receiver.ended:
		wantError(t, err, amqp.ErrUnauthorized, "principal 'ann' has no role for Listen on hub.")
	case <-late:
		t.Error("the receiver lives on")
	}
	bob.goesOn()
	_, err := w.receive(asAnn, partition0, 1, nil)
	wantError(t, err, amqp.ErrUnauthorized, "principal 'ann' has no role")
}

// A connection that lost everything is not closed for never having brought a
// token.
func TestRevokedConnectionStays(t *testing.T) {
	onClock(t, func(t *testing.T, access *fakeAccess, dial func() *amqp.Conn) {
		w := clockWorld(t)
		s := w.begin(dial())
		cbs := w.newRPC(s, "$cbs", "r")
		if code, text, _ := cbs.putToken(sasType, wholeHub, keyToken("app", "one")); code != 202 {
			t.Fatalf("%d %s", code, text)
		}
		l := w.open(s)
		access.change(func(a *fakeAccess) { a.rules = []Rule{emulatorRule()} })
		synctest.Wait()
		l.ends("is gone")
		<-time.After(2 * time.Hour) // beyond the token's end
		if code, text, _ := cbs.putToken(sasType, wholeHub, emulatorToken(wholeHub, time.Hour)); code != 202 {
			t.Errorf("%d %s", code, text)
		}
		w.open(s).goesOn()
	})
}

// A rule that goes while its token is being put, or its link attached, is not
// forgotten: whatever the interleaving, no link outlives it.
func TestChangeMeetsAttach(t *testing.T) {
	w := newWorld(t, nil)
	for range 50 {
		w.access.change(func(a *fakeAccess) { a.rules = []Rule{emulatorRule(), two("one", "")} })
		s := w.begin(w.dial("", ""))
		cbs := w.newRPC(s, "$cbs", "r")
		changed := make(chan struct{})
		go func() {
			defer close(changed)
			w.access.change(func(a *fakeAccess) { a.rules = []Rule{emulatorRule()} })
		}()
		code, _, _ := cbs.putToken(sasType, wholeHub, keyToken("app", "one"))
		l, err := s.AttachSender(within(t), "racing", "hub", nil)
		if code != 202 && err == nil {
			t.Error("attached without a token")
		}
		<-changed
		if err != nil {
			continue
		}
		select {
		case <-l.Done():
		case <-time.After(soonAfterChange):
			t.Fatal("a link outlives its rule")
		}
	}
}
