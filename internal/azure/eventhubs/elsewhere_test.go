package eventhubs

import (
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	theirs    = "sb://theirs.servicebus.windows.net/hub"
	theirRead = "sb://theirs.servicebus.windows.net/hub/ConsumerGroups/$Default/Partitions/0"
	ours      = "sb://ours.servicebus.windows.net/hub"
)

// neighbours is a world whose connections reach a second namespace, theirs, with
// one hub of one partition and rules of its own.
type neighbours struct {
	*world
	access2 *fakeAccess
	shut    bool // the network rules of theirs let nobody in
}

func newNeighbours(t *testing.T) *neighbours {
	other := func(mine, name string) func(string) string {
		return func(host string) string {
			if strings.HasPrefix(host, name+".") {
				return name
			}
			return ""
		}
	}
	n := &neighbours{access2: newFakeAccess(two("one", "two"))}
	n.world = newWorld(t, func(c *Config) { c.Elsewhere = other("ours", "theirs") })
	if _, err := n.broker.Namespace(2).EnsureHub(broker.HubConfig{Name: "hub", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	second, err := New(Config{
		Hubs: n.broker.Namespace(2), Access: n.access2, Events: n.events.add, Namespace: "theirs", Elsewhere: other("theirs", "ours"),
	})
	if err != nil {
		t.Fatal(err)
	}
	n.world.reach = func(host string) (*Service, error) {
		name, _, _ := strings.Cut(host, ":")
		switch {
		case name == "theirs.servicebus.windows.net" && n.shut:
			return nil, fault.New(fault.Unauthorized, "", "Ip has been prevented to connect to the endpoint: 127.0.0.1")
		case name == "theirs.servicebus.windows.net":
			return second, nil
		case strings.HasSuffix(name, ".servicebus.windows.net") && !strings.HasPrefix(name, "ours."):
			return nil, fault.New(fault.NotFound, "", "nothing here is called %s", name)
		}
		return n.service, nil
	}
	return n
}

func theirToken() string { return NewSASToken(theirs, "app", "one", time.Now().Add(time.Hour)) }

// counted is how many events each namespace's hub holds.
func (n *neighbours) counted() (ours, theirs int64) {
	sum := func(id uint64) (all int64) {
		h, err := n.broker.Namespace(id).Hub("hub")
		if err != nil {
			n.t.Fatal(err)
		}
		for i := range h.PartitionCount() {
			p, err := h.Partition(i)
			if err != nil {
				n.t.Fatal(err)
			}
			all += p.Info().LastSequence + 1
		}
		return all
	}
	return sum(1), sum(2)
}

// TestLinkToAnotherNamespace: a link whose absolute address names another namespace
// is one of that namespace, by a token that is valid there.
func TestLinkToAnotherNamespace(t *testing.T) {
	n := newNeighbours(t)
	s := n.root()
	wantError(t, n.sendRaw(s, theirs, 0, event("no token")), amqp.ErrUnauthorized,
		"'Send' claim(s) are required to perform this operation. Resource: 'sb://theirs.servicebus.windows.net/hub'")
	cbs := n.newRPC(s, "$cbs", "r")
	if code, text, _ := cbs.putToken(sasType, theirs, theirToken()); code != 202 {
		t.Fatalf("%d %s", code, text)
	}
	for _, address := range []string{theirs, "amqps://theirs.servicebus.windows.net:5671/hub/Partitions/0"} {
		if err := n.sendRaw(s, address, 0, event("there")); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"hub", ours, "amqps://tunnel.example:5671/hub"} {
		if err := n.sendRaw(s, address, 0, event("here")); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if here, there := n.counted(); here != 3 || there != 2 {
		t.Errorf("%d events here and %d there", here, there)
	}
	in, err := n.receive(s, theirRead, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := in.bodies(2); got[0] != "there" || got[1] != "there" {
		t.Errorf("read %v", got)
	}
	wantError(t, n.sendRaw(s, "sb://nobody.servicebus.windows.net/hub", 0, event("x")), amqp.ErrNotFound,
		"The messaging entity 'sb://nobody.servicebus.windows.net/' could not be found. nothing here is called nobody")
	if code, text, _ := cbs.putToken(sasType, "nobody.servicebus.windows.net/hub", theirToken()); code != 404 {
		t.Errorf("a token for nobody: %d %s", code, text)
	}
}

// TestManagementOfAnotherNamespace: properties are those of the namespace that the
// node's address names, by the token that the request brings.
func TestManagementOfAnotherNamespace(t *testing.T) {
	n := newNeighbours(t)
	s := n.begin(n.dial("", ""))
	m := n.newRPC(s, "amqps://theirs.servicebus.windows.net/$management", "m")
	read := func(token string) (int32, amqp.Map) {
		reply := m.call("1", amqp.Map{
			{Key: "operation", Value: "READ"}, {Key: "type", Value: typeHub}, {Key: "name", Value: "hub"}, {Key: "security_token", Value: token},
		}, nil)
		code, _ := reply.ApplicationProperties.Get("status-code")
		body, _ := reply.Value.(amqp.Map)
		return code.(int32), body
	}
	if code, _ := read(emulatorToken(ours, time.Hour)); code != 401 {
		t.Errorf("with our token: %d", code)
	}
	code, body := read(theirToken())
	if count, _ := body.Get("partition_count"); code != 200 || count != int32(1) {
		t.Errorf("%d %v", code, body)
	}
}

// TestTokensDoNotCross: what opens one namespace opens nothing in another, whatever
// it is put for, even if both have the same key.
func TestTokensDoNotCross(t *testing.T) {
	n := newNeighbours(t)
	n.access2.change(func(a *fakeAccess) { a.rules = append(a.rules, emulatorRule()) })
	s := n.begin(n.dial("", ""))
	cbs := n.newRPC(s, "$cbs", "r")
	for _, c := range []struct {
		audience, token string
		code            int32
	}{
		{theirs, emulatorToken(ours, time.Hour), 401},
		{"theirs.servicebus.windows.net/hub", emulatorToken(ours, time.Hour), 401},
		{theirs, emulatorToken("sb://localhost/hub", time.Hour), 401},
		{theirs, emulatorToken("sb://127.0.0.1/hub", time.Hour), 401},
		{ours, emulatorToken(theirs, time.Hour), 401},
		{"hub", emulatorToken(theirs, time.Hour), 401},
		{ours, theirToken(), 401}, // by a key of theirs alone
		{ours, emulatorToken(ours, time.Hour), 202},
	} {
		if code, text, _ := cbs.putToken(sasType, c.audience, c.token); code != c.code {
			t.Errorf("%s with %.70s: %d %s", c.audience, c.token, code, text)
		}
	}
	wantError(t, n.sendRaw(s, theirs, 0, event("x")), amqp.ErrUnauthorized, "'Send' claim(s) are required")
	if err := n.sendRaw(s, "hub", 0, event("x")); err != nil {
		t.Error(err)
	}
	if code, text, _ := cbs.putToken(sasType, theirs, emulatorToken(theirs, time.Hour)); code != 202 {
		t.Errorf("%d %s", code, text)
	}
	if err := n.sendRaw(s, theirs, 0, event("x")); err != nil {
		t.Error(err)
	}
}

// TestRevokedInAnotherNamespace: links end when what opens them there is gone, and
// only those.
func TestRevokedInAnotherNamespace(t *testing.T) {
	n := newNeighbours(t)
	n.access2.verify = func(string) (Bearer, error) {
		return Bearer{May: func(Rights, string) error { return nil }}, nil
	}
	s, cbs := n.put(sasType, wholeHub, emulatorToken(wholeHub, time.Hour))
	if code, text, _ := cbs.putToken(sasType, theirs, theirToken()); code != 202 {
		t.Fatalf("%d %s", code, text)
	}
	byToken, _ := n.put("jwt", theirs, "a.b.c")
	attach := func(s *amqp.Session) *live {
		l := &live{w: n.world}
		var err error
		if l.sender, err = s.AttachSender(within(t), "elsewhere", theirs, nil); err != nil {
			t.Fatal(err)
		}
		if l.receiver, err = n.receive(s, theirRead, 10, nil); err != nil {
			t.Fatal(err)
		}
		return l
	}
	home, away, token := n.open(s), attach(s), attach(byToken)
	n.access2.change(func(a *fakeAccess) { a.noLocal = true })
	away.ends("LocalAuthDisabled: ")
	home.goesOn()
	token.goesOn()
	n.access.change(func(a *fakeAccess) { a.rules = nil })
	home.ends("is gone")
	token.goesOn()
	n.shut = true
	wantError(t, n.sendRaw(byToken, theirs, 0, event("x")), amqp.ErrUnauthorized, "Ip has been prevented to connect to the endpoint")
}
