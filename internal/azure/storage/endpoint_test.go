package storage

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	testAccount = "devstoreaccount1"
	otherKey    = "c2Vjb25kIGtleQ=="
)

// fixedAccess is an Access that a test can change.
type fixedAccess struct {
	keys      Keys
	verify    func(token string) (Bearer, error)
	delegated func(principal, tenant string) (Bearer, error)
}

func (a *fixedAccess) Keys() Keys { return a.keys }

func (a *fixedAccess) Verify(_ context.Context, token string) (Bearer, error) {
	if a.verify == nil {
		return Bearer{}, fault.New(fault.Unauthorized, "", "no token is good")
	}
	return a.verify(token)
}

func (a *fixedAccess) Delegated(_ context.Context, principal, tenant string) (Bearer, error) {
	if a.delegated == nil {
		return Bearer{}, fault.New(fault.Unauthorized, "", "no such principal")
	}
	return a.delegated(principal, tenant)
}

func newAccess() *fixedAccess {
	return &fixedAccess{keys: Keys{Primary: DevelopmentKey, Secondary: otherKey, Delegation: "ZGVsZWdhdGlvbg=="}}
}

func newEndpoint(t testing.TB, service Service, access Access) *Endpoint {
	t.Helper()
	e, err := NewEndpoint(Config{Service: service, Account: testAccount, Access: access})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// serve answers requests with what handle says, in the endpoint's shape. The URL has
// the account in it.
func serve(t testing.TB, e *Endpoint, handle func(w http.ResponseWriter, r *Request) error) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		r, err := e.Begin(w, h)
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			e.WriteError(w, r, err)
		}
	}))
	s.Listener = keeping{s.Listener}
	s.Config.ConnContext = NamesContext
	s.Start()
	t.Cleanup(s.Close)
	return s.URL + "/" + testAccount
}

// keeping is a listener whose connections keep names.
type keeping struct{ net.Listener }

func (k keeping) Accept() (net.Conn, error) {
	c, err := k.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return keepNames(Blob, c), nil
}

// anyOperation is let through for the account's keys only.
var anyOperation = Operation{Name: "test", Level: ObjectLevel}
