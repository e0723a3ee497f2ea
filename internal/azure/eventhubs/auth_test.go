package eventhubs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The audiences that the SDKs of each language put their tokens for.
func TestAudiencesOfAllClients(t *testing.T) {
	w := newWorld(t, nil)
	for _, audience := range []string{
		"amqps://localhost:5671/hub/Partitions/0", // Go
		"amqp://localhost/hub",                    // Go with the emulator flag
		"sb://localhost:5672/hub/Partitions/0",    // JavaScript
		"sb://localhost/hub",                      // Python
		"amqps://LOCALHOST/HUB/",                  // .NET
	} {
		s := w.begin(w.dial("", ""))
		cbs := w.newRPC(s, "$cbs", "replies")
		code, text, condition := cbs.putToken(sasType, audience, emulatorToken(audience, time.Hour))
		if code != 202 || condition != nil {
			t.Errorf("%s: %d %s %v", audience, code, text, condition)
		}
		if err := w.sendRaw(s, "hub/Partitions/0", 0, event("x")); err != nil {
			t.Errorf("%s: %v", audience, err)
		}
	}
}

func TestPutTokenRefusals(t *testing.T) {
	w := newWorld(t, nil)
	cbs := w.newRPC(w.begin(w.dial("", "")), "$cbs", "replies")
	hub := "sb://localhost/hub"
	good := emulatorToken(hub, time.Hour)
	for name, c := range map[string]struct {
		tokenType, audience, token string
		code                       int32
		text                       string
	}{
		"wrong signature": {sasType, hub, NewSASToken(hub, "listener", "x", time.Now().Add(time.Hour)), 401, "InvalidSignature: The token has an invalid signature."},
		"expired":         {sasType, hub, emulatorToken(hub, -time.Minute), 401, "ExpiredToken: The token is expired. Expiration time: "},
		"no token at all": {sasType, hub, "hello", 401, "MalformedToken: "},
		"too narrow":      {sasType, "sb://localhost/other", good, 401, "InvalidAudience: "},
		"unknown hub":     {sasType, "sb://localhost/nowhere", emulatorToken("sb://localhost/", time.Hour), 404, "The messaging entity 'sb://localhost/nowhere' could not be found."},
		"unknown type":    {"saml", hub, good, 400, "The token type 'saml' is not one of"},
		"no type":         {"", hub, good, 400, "'type'"},
		"no audience":     {sasType, "", good, 400, "'name'"},
		"bearer":          {"jwt", hub, "eyJ.e30.x", 401, "InvalidIssuer: nobody issues tokens here."},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, condition := cbs.putToken(c.tokenType, c.audience, c.token)
			if code != c.code || !strings.HasPrefix(text, c.text) && !strings.Contains(text, c.text) {
				t.Errorf("%d %s", code, text)
			}
			if _, ok := condition.(amqp.Symbol); !ok {
				t.Errorf("error-condition is a %T; .NET reads a symbol", condition)
			}
			if strings.Contains(text, c.token) && c.token != "" {
				t.Error("the reply repeats the token")
			}
		})
	}
	if code, text, _ := status(t, cbs.call("x", amqp.Map{{Key: "operation", Value: "delete-token"}}, nil)); code != 400 || !strings.Contains(text, "'delete-token' is not supported") {
		t.Errorf("another operation: %d %s", code, text)
	}
	if code, text, _ := status(t, cbs.call("x", amqp.Map{
		{Key: "operation", Value: "put-token"}, {Key: "type", Value: sasType}, {Key: "name", Value: hub},
	}, int32(7))); code != 401 || !strings.Contains(text, "InvalidToken") {
		t.Errorf("a number for a token: %d %s", code, text)
	}
}

// Go insists on a string in correlation-id, Python on its number.
func TestCorrelationKeepsItsType(t *testing.T) {
	w := newWorld(t, nil)
	s := w.begin(w.dial("", ""))
	cbs := w.newRPC(s, "$cbs", "replies")
	for _, id := range []amqp.Value{"text", uint64(42), amqp.UUID{1, 2, 3}, []byte{9, 8}} {
		if got := cbs.call(id, nil, nil).Properties.CorrelationID; !cmp.Equal(got, id) {
			t.Errorf("%T %v came back as %T %v", id, id, got, got)
		}
	}
}

func TestRepliesFindTheirLink(t *testing.T) {
	w := newWorld(t, nil)
	c := w.dial("RootManageSharedAccessKey", "SAS_KEY_VALUE")
	read := amqp.Map{{Key: "operation", Value: "READ"}, {Key: "type", Value: typeHub}, {Key: "name", Value: "hub"}}
	s := w.begin(c)
	byTarget, byName := w.newRPC(s, "$management", "some-target"), w.newRPC(s, "hub/$management", "")
	for range 3 {
		for _, r := range []*rpc{byTarget, byName} {
			if code, text, _ := status(t, r.call("id", read, nil)); code != 200 {
				t.Errorf("%d %s", code, text)
			}
		}
	}
	alone := w.newRPC(w.begin(c), "$management", "elsewhere")
	alone.replyTo = "" // the only reply link of the session
	if code, _, _ := status(t, alone.call("id", read, nil)); code != 200 {
		t.Errorf("no reply-to: %d", code)
	}
	// Without its reply link a request is rejected so that the client opens both anew.
	alone.receive.Detach(nil)
	<-alone.receive.Done()
	err := send(t, alone.send, 0, mustAppend(t, &amqp.Message{Properties: &amqp.Properties{MessageID: "x", ReplyTo: "elsewhere"}, HasValue: true}))
	wantError(t, err, amqp.ErrDetachForced, "No receiving link of '$management'")
	wantError(t, send(t, alone.send, 0, []byte{1, 2}), amqp.ErrDecode, "")
}

func mustAppend(t testing.TB, m *amqp.Message) []byte {
	t.Helper()
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOneTokenLinkInEachDirection(t *testing.T) {
	w := newWorld(t, nil)
	c := w.dial("", "")
	s := w.begin(c)
	cbs := w.newRPC(s, "$cbs", "replies")
	other := w.begin(c)
	_, err := other.AttachSender(within(t), "second", "$cbs", nil)
	wantError(t, err, amqp.ErrNotAllowed, "'$cbs'")
	_, err = w.receive(other, "$cbs", 1, nil)
	wantError(t, err, amqp.ErrNotAllowed, "'$cbs'")
	// Go ends the session without detaching; the next pair must be welcome.
	s.End(nil)
	<-cbs.send.Done()
	<-cbs.receive.Done()
	if code, text, _ := w.newRPC(w.begin(c), "$cbs", "again").putToken(sasType, "sb://h/hub", emulatorToken("sb://h/hub", time.Hour)); code != 202 {
		t.Errorf("%d %s", code, text)
	}
}

func TestNothingWithoutToken(t *testing.T) {
	w := newWorld(t, nil)
	s := w.begin(w.dial("", ""))
	wantError(t, w.sendRaw(s, "hub", 0, event("x")), amqp.ErrUnauthorized, "'Send' claim(s) are required to perform this operation. Resource: 'sb://localhost/hub'.")
	wantError(t, w.sendRaw(s, "nowhere", 0, event("x")), amqp.ErrUnauthorized, "'Send' claim(s)") // nor is it said what exists
	_, err := w.receive(s, partition0, 1, nil)
	wantError(t, err, amqp.ErrUnauthorized, "'Listen' claim(s) are required")
	m := w.newRPC(s, "$management", "r") // its requests bring their own tokens, or are refused
	if code, text, condition := status(t, m.call("1", read(typeHub, named("hub")), nil)); code != 401 || condition != amqp.ErrUnauthorized || !strings.Contains(text, "claim(s) are required") {
		t.Errorf("%d %v: %s", code, condition, text)
	}
	w.eventually("it is reported", func(e Event) bool {
		a, ok := e.(AuthFailed)
		return ok && a.Resource == partition0 && a.Remote != ""
	})
}

func TestTokenReachesNoFurther(t *testing.T) {
	w := newWorld(t, nil)
	s := w.begin(w.dial("", ""))
	audience := "sb://localhost/hub/Partitions/0"
	if code, text, _ := w.newRPC(s, "$cbs", "r").putToken(sasType, audience, emulatorToken("sb://localhost/", time.Hour)); code != 202 {
		t.Fatalf("%d %s", code, text)
	}
	if err := w.sendRaw(s, "hub/Partitions/0", 0, event("x")); err != nil {
		t.Error(err)
	}
	wantError(t, w.sendRaw(s, "hub/Partitions/1", 0, event("x")), amqp.ErrUnauthorized, "'Send' claim(s)")
	wantError(t, w.sendRaw(s, "hub", 0, event("x")), amqp.ErrUnauthorized, "'Send' claim(s)")
}

func TestPlainGrantsTheRule(t *testing.T) {
	w := newWorld(t, nil)
	s := w.begin(w.dial("talker", "send-key"))
	if err := w.sendRaw(s, "hub", 0, event("x")); err != nil {
		t.Error(err)
	}
	_, err := w.receive(s, partition0, 1, nil)
	wantError(t, err, amqp.ErrUnauthorized, "'Listen' claim(s)")
	if c, err := amqp.Dial(within(t), w.addr, amqp.DialConfig{Username: "talker", Password: "guess"}); err == nil {
		c.Close(nil)
		t.Error("a wrong key is let in")
	}
}

func TestBearerVerifier(t *testing.T) {
	w := newWorld(t, nil)
	w.access.verify = func(token string) (Bearer, error) {
		maySend := func(right Rights, path string) error {
			if right == Send && path == "hub" {
				return nil
			}
			return fault.New(fault.Forbidden, "", "principal 'me' lacks %s on '%s'", right, path)
		}
		switch token {
		case "late":
			return Bearer{May: maySend, Expires: time.Now().Add(-time.Hour)}, nil
		case "good":
			return Bearer{Principal: "me", May: maySend, Expires: time.Now().Add(time.Hour)}, nil
		}
		return Bearer{}, fault.New(fault.Unauthorized, "", "InvalidSignature: nobody I know")
	}
	s := w.begin(w.dial("", ""))
	cbs := w.newRPC(s, "$cbs", "r")
	for token, want := range map[string]int32{"bad": 401, "late": 401, "": 401, strings.Repeat("x", maxTokenBytes+1): 401, "good": 202} {
		if code, text, _ := cbs.putToken("jwt", "amqps://localhost/", token); code != want {
			t.Errorf("%.10s: %d %s", token, code, text)
		}
	}
	if err := w.sendRaw(s, "hub", 0, event("x")); err != nil {
		t.Error(err)
	}
	_, err := w.receive(s, partition0, 1, nil)
	wantError(t, err, amqp.ErrUnauthorized, "'Listen' claim(s) are required to perform this operation. Resource: 'sb://localhost/"+partition0+"'. "+
		"principal 'me' lacks Listen on 'hub'. TrackingId:")
	wantError(t, w.sendRaw(s, "other", 0, event("x")), amqp.ErrUnauthorized, "principal 'me' lacks Send on 'other'.")
}

func TestHubRuleStaysInItsHub(t *testing.T) {
	w := newWorld(t, nil)
	w.access.change(func(a *fakeAccess) {
		a.rules = append(a.rules, Rule{Name: "local", Key: "k", Rights: Send, Hub: "Hub"})
	})
	s := w.begin(w.dial("", ""))
	cbs := w.newRPC(s, "$cbs", "r")
	token := func(resource string) string { return NewSASToken(resource, "local", "k", time.Now().Add(time.Hour)) }
	if code, _, _ := cbs.putToken(sasType, "sb://h/hub", token("sb://h/")); code != 401 {
		t.Errorf("a hub's rule signs for the namespace: %d", code)
	}
	if code, text, _ := cbs.putToken(sasType, "sb://h/hub", token("sb://h/hub")); code != 202 {
		t.Errorf("%d %s", code, text)
	}
}

func TestNewRefusesBadRules(t *testing.T) {
	if _, err := New(Config{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no broker: %v", err)
	}
	w := newWorld(t, nil)
	if _, err := New(Config{Hubs: w.broker.Namespace(1), Access: newFakeAccess(Rule{Name: "x"})}); !fault.Is(err, fault.Invalid) {
		t.Errorf("rule without key: %v", err)
	}
	var e *fault.Error
	if _, err := New(Config{Hubs: w.broker.Namespace(1), Access: newFakeAccess(Rule{Name: "x", Key: "secret"})}); !errors.As(err, &e) || strings.Contains(err.Error(), "secret") {
		t.Errorf("rule without rights: %v", err)
	}
}
