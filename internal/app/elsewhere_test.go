package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestLinkAddressNamesAnotherNamespace: a connection to the default namespace sends
// to another one by the address of a link, with a role that is held there, until
// the role is gone; and never by what opens the default one.
func TestLinkAddressNamesAnotherNamespace(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, `
eventHubs:
  hubs: {a: {partitions: 1}}
  namespaces:
    `+keyNamespace+`: {hubs: {a: {partitions: 1}}}
    fenced: {publicNetworkAccess: Disabled, hubs: {a: {partitions: 1}}}
identity: {mode: enforce, applications: {ci: {clientId: `+keyClient+`, secret: '`+keySecret+`'}}}
`, nil, func(r *rig) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		owner, _ := r.info.Account(instance.Namespaces, resource.Default)
		c, err := amqp.Dial(ctx, r.info.Addresses[instance.AMQP], amqp.DialConfig{Username: owner.Rule, Password: owner.Key, Hostname: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(nil)
		s, err := c.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		attach := func(address string) (*amqp.Link, string) {
			l, err := s.AttachSender(ctx, address, address, nil)
			var refused *amqp.Error
			switch {
			case err == nil:
				return l, "attached"
			case errors.As(err, &refused):
				return nil, string(refused.Condition) + " " + refused.Description
			}
			return nil, err.Error()
		}
		there := "sb://" + keyNamespace + ".servicebus.windows.net/a"
		for address, want := range map[string]string{
			"a":                                    "attached",
			there:                                  "'Send' claim(s) are required to perform this operation. Resource: '" + there + "'",
			"sb://nobody.servicebus.windows.net/a": "amqp:not-found The messaging entity 'sb://nobody.servicebus.windows.net/' could not be found",
			"sb://fenced.servicebus.windows.net/a": "amqp:unauthorized-access Ip has been prevented to connect to the endpoint",
			"amqps://default.servicebus.windows.net/a/": "attached",
		} {
			if _, got := attach(address); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", address, got, want)
			}
		}

		token, err := r.application().GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{eventHubsScope}})
		if err != nil {
			t.Fatal(err)
		}
		if status := putToken(ctx, t, s, there, token.Token); status != 202 {
			t.Fatalf("the token: %d", status)
		}
		who := r.app.house.Who
		const role = "Azure Event Hubs Data Sender"
		if _, got := attach(there); !strings.Contains(got, "claim(s) are required") {
			t.Errorf("without a role: %s", got)
		}
		if _, err := who.Assign("application:ci", role, "eventHubs/"+keyNamespace); err != nil {
			t.Fatal(err)
		}
		l, got := attach(there)
		if l == nil {
			t.Fatalf("with the role: %s", got)
		}
		outcome := make(chan amqp.Outcome, 1)
		if err := l.Send(ctx, amqp.Outgoing{Body: amqp.AppendDataSection(nil, []byte("x")), OnSettled: func(o amqp.Outcome) { outcome <- o }}); err != nil {
			t.Fatal(err)
		}
		if err := (<-outcome).Err(); err != nil {
			t.Error(err)
		}
		if _, err := who.Remove("application:ci", role, "eventHubs/"+keyNamespace); err != nil {
			t.Fatal(err)
		}
		select {
		case <-l.Done():
			if err := l.Err(); err == nil || !strings.Contains(err.Error(), "claim(s) are required") {
				t.Errorf("the link ended with %v", err)
			}
		case <-time.After(keyWait):
			t.Error("the link outlives the role")
		}
		a, err := r.app.storage.exists.Account(resource.Namespaces, keyNamespace)
		if err != nil {
			t.Fatal(err)
		}
		h, err := r.app.storage.broker.Namespace(a.ID).Hub("a")
		if err != nil {
			t.Fatal(err)
		}
		if p, err := h.Partition(0); err != nil || p.Info().LastSequence != 0 {
			t.Errorf("the hub there holds %+v %v", p.Info(), err)
		}
	})
}

// putToken puts a bearer token and returns the status.
func putToken(ctx context.Context, t *testing.T, s *amqp.Session, audience, token string) int32 {
	t.Helper()
	replies := make(chan *amqp.Message, 1)
	in, err := s.AttachReceiver(ctx, "replies", "$cbs", func(l *amqp.Link) {
		l.Local.Target.Address, l.Credit = "replies", 1
		l.OnTransfer = func(d *amqp.Delivery) {
			m, err := amqp.ParseMessage(append([]byte(nil), d.Payload...))
			if err != nil {
				t.Error(err)
			}
			replies <- m
			d.Accept()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Detach(nil)
	out, err := s.AttachSender(ctx, "requests", "$cbs", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Detach(nil)
	m := amqp.Message{
		Properties: &amqp.Properties{MessageID: "1", ReplyTo: "replies"}, HasValue: true, Value: token,
		ApplicationProperties: amqp.Map{{Key: "operation", Value: "put-token"}, {Key: "type", Value: "jwt"}, {Key: "name", Value: audience}},
	}
	body, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Send(ctx, amqp.Outgoing{Body: body}); err != nil {
		t.Fatal(err)
	}
	select {
	case reply := <-replies:
		code, _ := reply.ApplicationProperties.Get("status-code")
		status, _ := code.(int32)
		return status
	case <-ctx.Done():
		t.Fatal("no reply")
		return 0
	}
}
