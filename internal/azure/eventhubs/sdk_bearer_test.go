package eventhubs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// signedIn is a credential of the SDK whose tokens are the name of a role.
type signedIn string

func (s signedIn) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(s), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// overTLS serves the world's service on a second port, as clients with tokens
// demand it, and returns its address and what trusts it.
func (w *world) overTLS() (string, *tls.Config) {
	w.t.Helper()
	lender := httptest.NewTLSServer(nil) // of its certificate, which is for example.com
	lender.Close()
	pool := x509.NewCertPool()
	pool.AddCert(lender.Certificate())
	l := testkit.Listen(w.t)
	ctx, stop := context.WithCancel(context.Background())
	var gone sync.WaitGroup
	gone.Go(func() {
		if err := serve(ctx, w.service, tls.NewListener(l, &tls.Config{Certificates: lender.TLS.Certificates}), nil); err != nil {
			w.t.Errorf("serve: %v", err)
		}
	})
	w.t.Cleanup(func() { stop(); gone.Wait() })
	return l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

var once = azeventhubs.RetryOptions{MaxRetries: -1}

func wantUnauthorized(t *testing.T, what string, err error, part string) {
	t.Helper()
	var e *azeventhubs.Error
	if !errors.As(err, &e) || e.Code != azeventhubs.ErrorCodeUnauthorizedAccess || !strings.Contains(err.Error(), part) {
		t.Errorf("%s: %v", what, err)
	}
}

// The official client signs in by Entra: what each role may, and no more.
func TestSDKWithRoles(t *testing.T) {
	w := newWorld(t, nil)
	w.access.change(func(a *fakeAccess) { a.verify = verifyRoles })
	address, trust := w.overTLS()
	for role, may := range map[signedIn]struct{ send, receive bool }{
		"reader": {false, true}, "writer": {true, false}, "owner": {true, true}, "nobody": {false, false}, "elsewhere": {false, false},
	} {
		t.Run(string(role), func(t *testing.T) {
			p, err := azeventhubs.NewProducerClient(address, "hub", role, &azeventhubs.ProducerClientOptions{TLSConfig: trust, RetryOptions: once})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close(context.Background())
			c, err := azeventhubs.NewConsumerClient(address, "hub", "$Default", role, &azeventhubs.ConsumerClientOptions{TLSConfig: trust, RetryOptions: once})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(context.Background())
			_, err = p.GetEventHubProperties(within(t), nil)
			if may.send || may.receive {
				if err != nil {
					t.Errorf("properties: %v", err)
				}
			} else if want := "Principal '" + string(role) + "' may not do '" + actionReceive + "' on 'hub'."; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("properties: %v", err)
			}
			err = sendOne(t, p)
			if may.send {
				if err != nil {
					t.Errorf("send: %v", err)
				}
			} else {
				wantUnauthorized(t, "send", err, "'Send' claim(s) are required to perform this operation. Resource: 'sb://127.0.0.1/hub'. Principal '"+string(role)+"' may not do")
			}
			err = receiveOne(t, c, w)
			if may.receive {
				if err != nil {
					t.Errorf("receive: %v", err)
				}
			} else {
				wantUnauthorized(t, "receive", err, "'Listen' claim(s) are required to perform this operation.")
			}
		})
	}
}

func sendOne(t *testing.T, p *azeventhubs.ProducerClient) error {
	t.Helper()
	batch, err := p.NewEventDataBatch(within(t), nil)
	if err != nil {
		return err
	}
	if err := batch.AddEventData(&azeventhubs.EventData{Body: []byte("x")}, nil); err != nil {
		return err
	}
	return p.SendEventDataBatch(within(t), batch, nil)
}

// receiveOne puts an event on partition 0 by the key, and receives it.
func receiveOne(t *testing.T, c *azeventhubs.ConsumerClient, w *world) error {
	t.Helper()
	if err := w.sendRaw(w.root(), "hub/Partitions/0", 0, event("x")); err != nil {
		t.Fatal(err)
	}
	pc, err := c.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: fromStart})
	if err != nil {
		return err
	}
	defer pc.Close(context.Background())
	_, err = pc.ReceiveEvents(within(t), 1, nil)
	return err
}

// The official client loses its role while its link is open: the next send says
// so, and when the role is back the same client sends again.
func TestSDKLosesItsRole(t *testing.T) {
	w := newWorld(t, nil)
	w.access.change(func(a *fakeAccess) { a.verify = verifyRoles })
	address, trust := w.overTLS()
	p, err := azeventhubs.NewProducerClient(address, "hub", signedIn("owner"), &azeventhubs.ProducerClientOptions{TLSConfig: trust, RetryOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(context.Background())
	if err := sendOne(t, p); err != nil {
		t.Fatal(err)
	}
	var role sync.Map // "gone" is there when it is
	w.access.change(func(a *fakeAccess) {
		a.verify = func(string) (Bearer, error) {
			return Bearer{Principal: "me", May: func(right Rights, hub string) error {
				if _, gone := role.Load("gone"); gone {
					return fault.New(fault.Forbidden, "", "Principal 'me' may not.")
				}
				return nil
			}}, nil
		}
	})
	again, err := azeventhubs.NewProducerClient(address, "hub", signedIn("me"), &azeventhubs.ProducerClientOptions{TLSConfig: trust, RetryOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(context.Background())
	if err := sendOne(t, again); err != nil {
		t.Fatal(err)
	}
	role.Store("gone", true)
	w.access.change(func(*fakeAccess) {})
	w.eventually("the link is detached", func(e Event) bool {
		a, ok := e.(AuthFailed)
		return ok && strings.Contains(a.Reason, "Principal 'me' may not.")
	})
	wantUnauthorized(t, "send", sendOne(t, again), "Principal 'me' may not.")
	if err := sendOne(t, p); err != nil {
		t.Errorf("another principal: %v", err)
	}
	role.Delete("gone")
	if err := sendOne(t, again); err != nil {
		t.Errorf("after the role came back: %v", err)
	}
}

// FuzzVerifyToken checks that no token but one made with a key is taken, and that
// none makes the service panic.
func FuzzVerifyToken(f *testing.F) {
	f.Add("jwt", "a.b.c", wholeHub)
	f.Add(sasType, foreignToken, "sb://h/hub/Partitions/0")
	f.Add("", sasPrefix+"sr=%&sig=&se=&skn=", "")
	f.Add("amqp:jwt", "", "://///")
	s := &Service{cfg: Config{Access: newFakeAccess(emulatorRule(), two("one", "two"))}}
	f.Fuzz(func(t *testing.T, tokenType, token, audience string) {
		g, err := s.verifyToken(t.Context(), tokenType, token, audience)
		if err == nil {
			t.Fatalf("%q %q is accepted: %+v", tokenType, token, g)
		}
		if r := refusalOf(err); r.status != 401 && r.status != 400 || r.text == "" {
			t.Errorf("%q %q: %+v", tokenType, token, r)
		}
	})
}
