package eventhubs

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The rights matrix: everything that a client can do in a namespace, by everything
// that it can show. What must come of it is worked out from the actions of Azure's
// built-in roles; the code's own tables only say what there is to do.

// The data actions of Azure, and the roles that hold them ("Azure built-in roles":
// Azure Event Hubs Data Receiver, Sender, Owner).
const (
	actionSend    = "Microsoft.EventHub/namespaces/messages/send/action"
	actionReceive = "Microsoft.EventHub/namespaces/messages/receive/action"
)

var roleActions = map[string]string{
	"reader": "Microsoft.EventHub/*/receive/action",
	"writer": "Microsoft.EventHub/*/send/action",
	"owner":  "Microsoft.EventHub/*",
	"nobody": "",
}

// holds reports whether a role has an action; * spans segments.
func holds(role, action string) bool {
	pattern := strings.ReplaceAll(roleActions[role], "/", "|")
	ok, err := path.Match(pattern, strings.ReplaceAll(action, "/", "|"))
	return ok && err == nil
}

// deed is something a client does. Any of the actions suffices for it.
type deed struct {
	name    string
	actions []string
	do      func(w *world, s *amqp.Session, token string) error
	brings  bool // the request brings the token, which is not put before
}

// attachActions are what attaching to a kind of node takes. A kind that is not
// here, or is here and takes nothing, fails the test.
var attachActions = map[NodeKind]struct {
	address       string
	send, receive string
}{
	NodeHub:       {address: "hub", send: actionSend},
	NodePartition: {address: "hub/Partitions/1", send: actionSend},
	NodePublisher: {address: "hub/Publishers/p", send: actionSend},
	NodeGroup:     {address: partition0, receive: actionReceive},
}

// deeds lists what can be done, from the table of nodes.
func deeds(t *testing.T) []deed {
	t.Helper()
	var all []deed
	for kind := NodeKind(1); kind < nodeKinds; kind++ {
		n, known := nodes[kind], attachActions[kind]
		if n.send == byRequest && n.receive == byRequest {
			continue // what their requests do is below
		}
		if (n.send == never) != (known.send == "") || (n.receive == never) != (known.receive == "") || known.address == "" {
			t.Fatalf("node kind %d (%+v): the matrix knows no action for it", kind, n)
		}
		if a, err := ParseAddress(known.address); err != nil || a.Kind != kind {
			t.Fatalf("%s is of kind %d, not %d: %v", known.address, a.Kind, kind, err)
		}
		if known.send != "" {
			all = append(all, deed{name: "send to " + known.address, actions: []string{known.send}, do: func(w *world, s *amqp.Session, _ string) error {
				return w.sendRaw(s, known.address, 0, event("x"))
			}})
		}
		if known.receive != "" {
			all = append(all, deed{name: "receive from " + known.address, actions: []string{known.receive}, do: func(w *world, s *amqp.Session, _ string) error {
				in, err := w.receive(s, known.address, 1, nil)
				if err == nil {
					in.link.Detach(nil)
				}
				return err
			}})
		}
	}
	either := []string{actionSend, actionReceive}
	for _, props := range []amqp.Map{read(typeHub, named("hub")), read(typePartition, named("hub"), amqp.Entry{Key: "partition", Value: "0"})} {
		kind, _ := props.Get("type")
		ask := func(more ...amqp.Entry) func(w *world, s *amqp.Session, token string) error {
			return func(w *world, s *amqp.Session, _ string) error {
				code, text, condition := status(w.t, w.newRPC(s, "$management", "r").call("1", append(props[:len(props):len(props)], more...), nil))
				if code == 200 {
					return nil
				}
				c, _ := condition.(amqp.Symbol)
				if code != 401 {
					return fmt.Errorf("status %d %s", code, text)
				}
				return &amqp.Error{Condition: c, Description: text}
			}
		}
		all = append(all,
			deed{name: fmt.Sprint("read ", kind), actions: either, do: ask()},
			deed{name: fmt.Sprint("read with its own token ", kind), actions: either, brings: true, do: func(w *world, s *amqp.Session, token string) error {
				return ask(amqp.Entry{Key: "security_token", Value: token})(w, s, token)
			}})
	}
	return all
}

// proof is what a client shows.
type proof struct {
	tokenType, token string
	valid            bool     // so that $cbs takes it
	actions          []string // of a key; roles are looked up
	role             string
	why              string // of an invalid one: how the refusal begins
	mistyped         bool   // its type is what is wrong with it; a token in a request has none
}

// may is what must come of the proof.
func (p proof) may(d deed) bool {
	for _, action := range d.actions {
		for _, held := range p.actions {
			if p.valid && action == held {
				return true
			}
		}
		if p.valid && p.role != "" && holds(p.role, action) {
			return true
		}
	}
	return false
}

func proofs() map[string]proof {
	both := []string{actionSend, actionReceive}
	sas := func(rule, key string, life time.Duration) string {
		return NewSASToken(wholeHub, rule, key, time.Now().Add(life))
	}
	all := map[string]proof{
		"no token":            {},
		"empty token":         {tokenType: "jwt", why: "InvalidToken: The token is empty."},
		"oversized token":     {tokenType: "jwt", token: strings.Repeat("x", maxTokenBytes+1), why: "InvalidToken: The token is longer than "},
		"unknown type":        {tokenType: "saml2", token: "owner", mistyped: true, why: "The token type"},
		"wrong audience":      {tokenType: "jwt", token: "wrong audience", why: "InvalidAudience: "},
		"expired":             {tokenType: "jwt", token: "expired", why: "ExpiredToken: "},
		"expired meanwhile":   {tokenType: "jwt", token: "expired meanwhile", why: "ExpiredToken: The token is expired. Expiration time: "},
		"foreign signature":   {tokenType: "jwt", token: "foreign signature", why: "InvalidSignature: "},
		"key":                 {tokenType: sasType, token: sas("RootManageSharedAccessKey", "SAS_KEY_VALUE", time.Hour), valid: true, actions: both},
		"secondary key":       {tokenType: sasType, token: sas("pair", "second", time.Hour), valid: true, actions: both},
		"hub's key":           {tokenType: sasType, token: sas("of hub", "hub-key", time.Hour), valid: true, actions: both},
		"another hub's key":   {tokenType: sasType, token: sas("of other", "other-key", time.Hour), why: "InvalidSignature: "},
		"read-only key":       {tokenType: sasType, token: sas("listener", "listen-key", time.Hour), valid: true, actions: []string{actionReceive}},
		"write-only key":      {tokenType: sasType, token: sas("talker", "send-key", time.Hour), valid: true, actions: []string{actionSend}},
		"wrong key":           {tokenType: sasType, token: sas("talker", "guess", time.Hour), why: "InvalidSignature: "},
		"expired signature":   {tokenType: sasType, token: sas("talker", "send-key", -time.Hour), why: "ExpiredToken: The token is expired. Expiration time: "},
		"a key as a bearer":   {tokenType: "jwt", token: sas("talker", "send-key", time.Hour), mistyped: true, why: "InvalidToken: "},
		"a bearer as a key":   {tokenType: sasType, token: "owner", mistyped: true, why: "MalformedToken: "},
		"oversized key":       {tokenType: sasType, token: sasPrefix + strings.Repeat("x", maxTokenBytes), why: "InvalidToken: The token is longer than "},
		"role on another hub": {tokenType: "jwt", token: "elsewhere", valid: true},
	}
	for role := range roleActions {
		all["role "+role] = proof{tokenType: "jwt", token: role, valid: true, role: role}
	}
	return all
}

// verifyRoles is an Access's Verify for tokens that are the names of roles.
func verifyRoles(token string) (Bearer, error) {
	unauthorized := func(text string) (Bearer, error) { return Bearer{}, fault.New(fault.Unauthorized, "", "%s", text) }
	switch _, role := roleActions[token]; {
	case token == "wrong audience":
		return unauthorized("InvalidAudience: The token is for somebody else.")
	case token == "expired":
		return unauthorized("ExpiredToken: The token is expired.")
	case token == "foreign signature":
		return unauthorized("InvalidSignature: The token has an invalid signature.")
	case token == "expired meanwhile":
		return Bearer{Expires: time.Now().Add(-time.Second), May: func(Rights, string) error { return nil }}, nil
	case !role && token != "elsewhere":
		return unauthorized("InvalidToken: It is no token.")
	}
	return Bearer{Principal: token, Expires: time.Now().Add(time.Hour), May: func(right Rights, hub string) error {
		action := map[Rights]string{Send: actionSend, Listen: actionReceive, Listen | Send: actionReceive}[right]
		if action != "" && (holds(token, action) || token == "elsewhere" && hub == "other") || right == Listen|Send && holds(token, actionSend) {
			return nil
		}
		return fault.New(fault.Forbidden, "", "Principal '%s' may not do '%s' on '%s'.", token, action, hub)
	}}, nil
}

func TestRightsMatrix(t *testing.T) {
	for _, disabled := range []bool{false, true} {
		w := newWorld(t, nil)
		w.access.change(func(a *fakeAccess) {
			a.verify, a.noLocal = verifyRoles, disabled
			a.rules = append(a.rules, two("first", "second"),
				Rule{Name: "of hub", Key: "hub-key", Rights: Manage, Hub: "Hub"}, Rule{Name: "of other", Key: "other-key", Rights: Manage, Hub: "other"})
			a.rules[len(a.rules)-3].Name = "pair"
		})
		for name, p := range proofs() {
			if disabled && p.tokenType == sasType && !strings.Contains(name, "oversized") {
				p.valid, p.why = false, "LocalAuthDisabled: Authorization failed because SAS authentication has been disabled for the namespace."
			}
			for _, d := range deeds(t) {
				t.Run(fmt.Sprintf("%s/%s/disabled=%v", d.name, name, disabled), func(t *testing.T) { w.try(t, d, p) })
			}
		}
	}
}

// try shows the proof on a new connection and does the deed.
func (w *world) try(t *testing.T, d deed, p proof) {
	t.Helper()
	c, err := amqp.Dial(within(t), w.addr, amqp.DialConfig{Hostname: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(nil)
	s, err := c.Begin(within(t))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case d.brings && p.mistyped:
		return
	case !d.brings && p.tokenType != "":
		w.show(t, s, p)
	}
	err = d.do(w, s, p.token)
	if p.may(d) {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	text := "claim(s) are required to perform this operation. Resource: 'sb://localhost/hub"
	if d.brings && !p.valid && p.token != "" {
		text = p.why
	}
	wantError(t, err, amqp.ErrUnauthorized, text)
}

// show puts the token on $cbs, which must take it exactly if it is valid.
func (w *world) show(t *testing.T, s *amqp.Session, p proof) {
	t.Helper()
	code, text, condition := w.newRPC(s, "$cbs", "cbs").putToken(p.tokenType, wholeHub, p.token)
	switch {
	case p.valid && code == 202:
	case p.valid || !strings.HasPrefix(text, p.why):
		t.Fatalf("put-token: %d %v %s", code, condition, text)
	case code == 400 && p.tokenType == "saml2":
	case code == 401 && condition == condAuthFailed:
	default:
		t.Fatalf("put-token: %d %v %s", code, condition, text)
	}
}
