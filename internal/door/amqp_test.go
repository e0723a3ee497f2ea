package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/restriction"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// spaces are two namespaces, of two services that share the port.
var (
	hubs   = resource.Account{ID: 1, Type: resource.Namespaces, Name: "hubs"}
	queues = resource.Account{ID: 2, Type: "Microsoft.ServiceBus/namespaces", Name: "queues"}
)

// asked records which account each connection reached.
type asked struct {
	mu   sync.Mutex
	open []string // guarded by mu
}

func (a *asked) add(name string) { a.mu.Lock(); defer a.mu.Unlock(); a.open = append(a.open, name) }
func (a *asked) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) == 0 {
		return ""
	}
	return a.open[len(a.open)-1]
}

// service is a route whose namespace knows one password, its own name.
func service(kind string, a *asked) Route {
	return Route{
		Type: kind,
		AMQP: func(account resource.Account, _ *amqp.Conn, way Way) amqp.ConnHandler {
			a.add(account.Name)
			return follower{way}
		},
		SASL: func(_ context.Context, account resource.Account, init amqp.SASLInit) (any, error) {
			if init.Mechanism != amqp.SASLPlain {
				return nil, nil
			}
			if init.Password != account.Name {
				return nil, errors.New("wrong password")
			}
			return account.Name, nil
		},
	}
}

// follower answers a link with the account that its address names.
type follower struct{ way Way }

func (f follower) Attach(l *amqp.Link) error {
	account, err := f.way(l.Remote.Target.Address)
	if err == nil {
		err = errors.New("leads to " + account.Name)
	}
	return err
}
func (follower) Closed(error) {}

func amqpLab(t *testing.T, p Port) (*lab, *asked) {
	seen := &asked{}
	p.Account = hubs
	p.AMQP = &amqp.ServerConfig{Log: testkit.Discard(), SASL: []string{amqp.SASLPlain, amqp.SASLAnonymous}}
	names := Names{Find: func(name, _ string) (resource.Account, Meaning) {
		switch name {
		case "hubs.servicebus.windows.net":
			return hubs, Known
		case "queues.servicebus.windows.net":
			return queues, Known
		}
		if strings.HasSuffix(name, ".servicebus.windows.net") {
			return resource.Account{}, Unknown
		}
		return resource.Account{}, Another
	}}
	return open(t, testkit.Listen(t), p, names, service(hubs.Type, seen), service(queues.Type, seen)), seen
}

func (l *lab) amqp(host, password string) (*amqp.Conn, error) {
	cfg := amqp.DialConfig{Hostname: host}
	if password != "" {
		cfg.Username, cfg.Password = "user", password
	}
	return amqp.Dial(l.t.Context(), l.addr, cfg)
}

// TestOpenNamesTheAccount: one port, several services with one DNS suffix.
func TestOpenNamesTheAccount(t *testing.T) {
	testkit.NoLeaks(t)
	l, seen := amqpLab(t, Port{})
	for _, c := range []struct{ host, want string }{
		{"localhost", "hubs"},
		{"127.0.0.1:5672", "hubs"},
		{"", "hubs"},
		{"behind.a.custom.endpoint", "hubs"},
		{"queues.servicebus.windows.net", "queues"},
		{"Queues.ServiceBus.windows.net:5671", "queues"},
		{"hubs.servicebus.windows.net", "hubs"},
	} {
		conn, err := l.amqp(c.host, c.want) // its password is the account's too
		if err != nil {
			t.Errorf("%q: %v", c.host, err)
			continue
		}
		testkit.Eventually(t, within, func() bool { return seen.last() == c.want }, "%q reaches %s, not %s", c.host, c.want, seen.last())
		conn.Close(nil)
	}
}

// TestUnknownNamesAreRefused: a name that could only be an account's leads
// nowhere else, whether the open or the TLS handshake says it.
func TestUnknownNamesAreRefused(t *testing.T) {
	testkit.NoLeaks(t)
	l, seen := amqpLab(t, Port{TLS: Either})
	refused := func(conn *amqp.Conn, err error) string {
		if err == nil {
			<-conn.Done()
			err = conn.Err()
		}
		var e *amqp.Error
		if !errors.As(err, &e) {
			return fmt.Sprint(err)
		}
		return string(e.Condition) + ": " + e.Description
	}
	if got := refused(l.amqp("none.servicebus.windows.net", "")); !strings.Contains(got, "amqp:not-found: nothing here is called none.servicebus.windows.net") {
		t.Error(got)
	}
	if got := refused(l.amqp("none.servicebus.windows.net", "hubs")); !strings.Contains(got, "not-found") {
		t.Errorf("with a key: %s", got)
	}
	for name, want := range map[string]string{"queues.servicebus.windows.net": "queues", "none.servicebus.windows.net": ""} {
		c, err := tls.Dial("tcp", l.addr, &tls.Config{InsecureSkipVerify: true, ServerName: name, MinVersion: tls.VersionTLS12})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := amqp.NewConn(t.Context(), c, amqp.DialConfig{Hostname: "behind.a.custom.endpoint"})
		if want == "" {
			if got := refused(conn, err); !strings.Contains(got, "not-found") {
				t.Errorf("SNI %s: %s", name, got)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, within, func() bool { return seen.last() == want }, "SNI %s", name)
		conn.Close(nil)
	}
}

// TestKeyIsOfItsAccount: a key of one namespace opens no other, whatever host
// the open names afterwards.
func TestKeyIsOfItsAccount(t *testing.T) {
	testkit.NoLeaks(t)
	l, seen := amqpLab(t, Port{})
	if conn, err := l.amqp("queues.servicebus.windows.net", "hubs"); err == nil {
		conn.Close(nil)
		t.Error("the key of another account was taken")
	}
	server := l.set.ports[0].amqpServer()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); server.ServeConn(t.Context(), theirs) }()
	conn, err := amqp.NewConn(t.Context(), ours, amqp.DialConfig{
		Hostname: "queues.servicebus.windows.net", SASLHostname: "hubs.servicebus.windows.net", Username: "user", Password: "hubs",
	})
	if err == nil {
		<-conn.Done()
		err = conn.Err()
	}
	<-done
	var e *amqp.Error
	if !errors.As(err, &e) || e.Condition != amqp.ErrUnauthorized || seen.last() == "queues" {
		t.Errorf("a key given for one host opened another: %v, reached %q", err, seen.last())
	}
}

func TestAMQPOverTLS(t *testing.T) {
	testkit.NoLeaks(t)
	l, seen := amqpLab(t, Port{TLS: Only})
	c, err := tls.Dial("tcp", l.addr, &tls.Config{RootCAs: l.ca.Pool(), ServerName: "queues.servicebus.windows.net", MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := amqp.NewConn(t.Context(), c, amqp.DialConfig{Hostname: "queues.servicebus.windows.net"})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, within, func() bool { return seen.last() == "queues" }, "the namespace that its certificate names")
	conn.Close(nil)
	if _, err := l.amqp("localhost", ""); err == nil {
		t.Error("plain AMQP on the TLS port")
	}
}

// TestAMQPWay: within a connection a host name means what it means to a new one, but
// that names of this machine are the connection's own account.
func TestAMQPWay(t *testing.T) {
	testkit.NoLeaks(t)
	listener := testkit.Listen(t)
	third := resource.Account{ID: 3, Type: hubs.Type, Name: "third"}
	closed := resource.Account{ID: 4, Type: hubs.Type, Name: "closed"}
	named := map[string]resource.Account{"hubs.x": hubs, "third.x": third, "closed.x": closed, "documents.x": {ID: 5, Type: "documents", Name: "documents"}}
	set := New(Options{Names: Names{Find: func(name, _ string) (resource.Account, Meaning) {
		if a, ok := named[name]; ok {
			return a, Known
		}
		if strings.HasSuffix(name, ".x") {
			return resource.Account{}, Unknown
		}
		return resource.Account{}, Another
	}}})
	set.add(set.made(Port{Account: hubs, AMQP: &amqp.ServerConfig{Log: testkit.Discard(), SASL: []string{amqp.SASLAnonymous}}}, listener, false))
	route := service(hubs.Type, &asked{})
	route.Restrict = func(a resource.Account, _ string) restriction.Rules { return restriction.Rules{Private: a == closed} }
	set.Route(route, Route{Type: "documents"})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- set.Run(ctx) }()
	l := &lab{t: t, addr: listener.Addr().String()}
	l.dial()
	for open, expected := range map[string]map[string]string{
		"localhost": {"localhost": "leads to hubs", "third.x": "leads to third", "THIRD.X.:5671": "leads to third", "nobody.x": "nothing here is called nobody.x"},
		"third.x": {
			"localhost": "leads to third", "127.0.0.1:5671": "leads to third", "tunnel.example": "leads to third", "?": "leads to third",
			"hubs.x": "leads to hubs", "closed.x": "may not come in", "documents.x": "no service answers",
		},
	} {
		conn, err := l.amqp(open, "")
		if err != nil {
			t.Fatal(err)
		}
		session, err := conn.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for host, want := range expected {
			if _, err := session.AttachSender(ctx, host, host, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("of a connection to %s, %s: %v, want %q", open, host, err, want)
			}
		}
		conn.Close(nil)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestAMQPStops: connections are told, silent ones are cut, and Run returns.
func TestAMQPStops(t *testing.T) {
	testkit.NoLeaks(t)
	listener := testkit.Listen(t)
	set := New(Options{})
	seen := &asked{}
	set.add(set.made(Port{Account: hubs, AMQP: &amqp.ServerConfig{Log: testkit.Discard(), SASL: []string{amqp.SASLAnonymous}}}, listener, false))
	set.Route(service(hubs.Type, seen))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- set.Run(ctx) }()
	l := &lab{t: t, addr: listener.Addr().String()}
	l.dial()
	conn, err := l.amqp("localhost", "")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, within, func() bool { return seen.last() != "" }, "the connection is served")
	stop()
	<-conn.Done()
	if err := conn.Err(); err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the client was told %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
