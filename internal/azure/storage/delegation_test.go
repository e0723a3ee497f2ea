package storage

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// delegated makes a user delegation SAS of a queue by the documents alone.
func delegated(k delegationKey, user string) string {
	const se, sv, canonical = "2099-01-01", "2025-07-05", "/queue/" + testAccount + "/jobs"
	fields := []string{"r", "", se, canonical, k.oid, k.tid, k.start, k.expiry, k.service, k.version, k.userTenant, user, "", "", sv}
	sig := wire.NewSigner(k.value(wire.NewSigner(decodeKey(newAccess().keys.Delegation)))).Sign([]byte(strings.Join(fields, "\n")))
	q := url.Values{"sp": {"r"}, "se": {se}, "sv": {sv}, "skoid": {k.oid}, "sktid": {k.tid}, "skt": {k.start}, "ske": {k.expiry}, "sks": {k.service}, "skv": {k.version}, "sig": {encode(sig)}}
	if user != "" {
		q.Set("sduoid", user)
	}
	if k.userTenant != "" {
		q.Set("skdutid", k.userTenant)
	}
	return q.Encode()
}

// TestDelegationKeys: a key is good for its service and in its time, and what is for
// one user needs that user's token.
func TestDelegationKeys(t *testing.T) {
	const oid, tid, user = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222", "44444444-4444-4444-4444-444444444444"
	good := delegationKey{oid, tid, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "q", "2025-07-05", ""}
	change := func(f func(*delegationKey)) delegationKey { k := good; f(&k); return k }
	for _, c := range []struct {
		name          string
		key           delegationKey
		user, bearing string
		want          string
	}{
		{"good", good, "", "", ""},
		{"of another service", change(func(k *delegationKey) { k.service = "b" }), "", "", "AuthorizationServiceMismatch"},
		{"over", change(func(k *delegationKey) { k.expiry = "2020-01-02T00:00:00Z" }), "", "", "AuthenticationFailed"},
		{"not yet", change(func(k *delegationKey) { k.start = "2098-01-02T00:00:00Z" }), "", "", "AuthenticationFailed"},
		{"of a stranger", change(func(k *delegationKey) { k.oid = "x" }), "", "", "AuthenticationFailed"},
		{"for a user, without token", good, user, "", "AuthenticationFailed"},
		{"for a user, another's token", good, user, "Bearer other", "AuthenticationFailed"},
		{"for a user, a bad token", good, user, "Bearer bad", "AuthenticationFailed"},
		{"for a user, his token", good, user, "Bearer user", ""},
		{"for a user of a tenant", change(func(k *delegationKey) { k.userTenant = tid }), user, "Bearer user", ""},
		{"for a user of another tenant", change(func(k *delegationKey) { k.userTenant = oid }), user, "Bearer user", "AuthenticationFailed"},
	} {
		access := tokenAccess()
		access.verify = func(token string) (Bearer, error) {
			switch token {
			case "user":
				return Bearer{Principal: user, Tenant: tid}, nil
			case "other":
				return Bearer{Principal: oid, Tenant: tid}, nil
			}
			return Bearer{}, fault.New(fault.Unauthorized, "", "no")
		}
		h := httptest.NewRequest(http.MethodGet, "/"+testAccount+"/jobs/messages?"+delegated(c.key, c.user), nil)
		if c.bearing != "" {
			h.Header.Set("Authorization", c.bearing)
		}
		op := Operation{Permission: "r", Level: ObjectLevel, Actions: []string{"read"}}
		if _, err := authorize(t, newEndpoint(t, Queue, access), h, &op, Target{Container: "jobs"}); codeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestUserDelegationKey: who gets one, and for how long.
func TestUserDelegationKey(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	e := newEndpoint(t, Blob, newAccess())
	e.now = func() time.Time { return now }
	r, err := e.Begin(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/"+testAccount, nil))
	if err != nil {
		t.Fatal(err)
	}
	bearer := Grant{Token: true, Principal: "p", Tenant: "t"}
	for _, c := range []struct {
		grant      Grant
		body, want string
	}{
		{bearer, "<KeyInfo><Expiry>2026-12-06T12:00:00Z</Expiry></KeyInfo>", ""},
		{bearer, "<KeyInfo><Start>2026-11-29T00:00:00Z</Start><Expiry>2026-11-30T00:00:00Z</Expiry></KeyInfo>", ""},
		{bearer, "<KeyInfo><Expiry>2026-12-06T12:00:01Z</Expiry></KeyInfo>", "InvalidXmlNodeValue"},
		{bearer, "<KeyInfo><Expiry>2026-11-29T12:00:00Z</Expiry></KeyInfo>", "InvalidXmlNodeValue"},
		{bearer, "<KeyInfo><Start>2026-11-30T00:00:00Z</Start><Expiry>2026-11-30T00:00:00Z</Expiry></KeyInfo>", "InvalidXmlNodeValue"},
		{bearer, "<KeyInfo><Start>soon</Start><Expiry>2026-11-30T00:00:00Z</Expiry></KeyInfo>", "InvalidXmlNodeValue"},
		{bearer, "<KeyInfo/>", "InvalidXmlNodeValue"},
		{bearer, "", "InvalidXmlDocument"},
		{Grant{}, "<KeyInfo><Expiry>2026-11-30T00:00:00Z</Expiry></KeyInfo>", "AuthenticationFailed"},
	} {
		text, err := e.UserDelegationKey(r, c.grant, []byte(c.body))
		got := ""
		if err != nil {
			got = FromFault(err).Code
		}
		if got != c.want || got == "" && !strings.Contains(string(text), "<SignedOid>p</SignedOid><SignedTid>t</SignedTid>") {
			t.Errorf("%s: %q, want %q: %s", c.body, got, c.want, text)
		}
	}
}

// TestDates: a request is good for a quarter of an hour before and after its date.
func TestDates(t *testing.T) {
	key := wire.NewSigner(decodeKey(DevelopmentKey))
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	e := newEndpoint(t, Table, newAccess())
	e.now = func() time.Time { return now }
	for off, want := range map[time.Duration]string{
		0: "", clockSkew: "", -clockSkew: "", clockSkew + time.Second: "AuthenticationFailed", -clockSkew - time.Second: "AuthenticationFailed",
	} {
		for _, header := range []string{"x-ms-date", "Date"} {
			h := httptest.NewRequest(http.MethodGet, "/"+testAccount+"/Tables", nil).WithContext(context.Background())
			date := now.Add(off).Format(http.TimeFormat)
			h.Header.Set(header, date)
			h.Header.Set("Authorization", "SharedKeyLite "+testAccount+":"+encode(key.Sign([]byte(date+"\n/"+testAccount+"/"+testAccount+"/Tables"))))
			if _, err := authorize(t, e, h, &anyOperation, Target{}); codeOf(err) != want {
				t.Errorf("%s %v: %v", header, off, err)
			}
		}
	}
	h := httptest.NewRequest(http.MethodGet, "/"+testAccount+"/Tables", nil)
	h.Header.Set("Authorization", "SharedKeyLite "+testAccount+":"+encode(key.Sign([]byte("\n/"+testAccount+"/"+testAccount+"/Tables"))))
	if _, err := authorize(t, e, h, &anyOperation, Target{}); codeOf(err) != "AuthenticationFailed" {
		t.Errorf("without a date: %v", err)
	}
}
