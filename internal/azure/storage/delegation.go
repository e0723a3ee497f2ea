package storage

import (
	"encoding/base64"
	"encoding/xml"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxDelegation is how long a user delegation key is good.
const maxDelegation = 7 * 24 * time.Hour

// keyInfo is the body of Get User Delegation Key.
type keyInfo struct {
	XMLName         xml.Name `xml:"KeyInfo"`
	Start, Expiry   string
	DelegatedUserID string `xml:"DelegatedUserTid"`
}

// delegationKey is what a user delegation key says of itself, in the order in which
// its value is derived.
type delegationKey struct {
	oid, tid, start, expiry, service, version string
	userTenant                                string // of who may use it, "" anybody
}

// value derives the key: an HMAC of what it says, so that nothing has to be kept.
func (k delegationKey) value(s *wire.Signer) []byte {
	return s.Sign([]byte(strings.Join([]string{k.oid, k.tid, k.start, k.expiry, k.service, k.version, k.userTenant}, "\n")))
}

// UserDelegationKey is the operation of that name: a key for the bearer of a token
// that it signs SAS with. body is a KeyInfo; the answer is the UserDelegationKey.
func (e *Endpoint) UserDelegationKey(r *Request, g Grant, body []byte) ([]byte, error) {
	if !g.Token {
		return nil, Fail("AuthenticationFailed").With("AuthenticationErrorDetail", "Only Authentication with a bearer token is supported.")
	}
	var info keyInfo
	if err := ParseXML(body, &info); err != nil {
		return nil, err
	}
	start := e.now()
	if info.Start != "" {
		t, ok := ParseTime(info.Start)
		if !ok {
			return nil, Fail("InvalidXmlNodeValue").With("XmlNodeName", "Start").With("XmlNodeValue", info.Start)
		}
		start = t
	}
	expiry, ok := ParseTime(info.Expiry)
	if !ok || !start.Before(expiry) || !e.now().Before(expiry) || expiry.After(e.now().Add(maxDelegation)) {
		return nil, Fail("InvalidXmlNodeValue").With("XmlNodeName", "Expiry").With("XmlNodeValue", info.Expiry).
			With("Reason", "A key ends after its start and now, and at most 7 days from now.")
	}
	const form = "2006-01-02T15:04:05Z"
	k := delegationKey{g.Principal, g.Tenant, start.UTC().Format(form), expiry.UTC().Format(form), string(e.service), r.Version, info.DelegatedUserID}
	keys := e.currentKeys()
	if keys.delegation == nil {
		return nil, Fail("InternalError")
	}
	b := append([]byte(XMLHeader), "<UserDelegationKey>"...)
	for _, f := range [...]Element{
		{"SignedOid", k.oid},
		{"SignedTid", k.tid},
		{"SignedStart", k.start},
		{"SignedExpiry", k.expiry},
		{"SignedService", k.service},
		{"SignedVersion", k.version},
		{"SignedDelegatedUserTid", k.userTenant},
		{"Value", base64.StdEncoding.EncodeToString(k.value(keys.delegation))},
	} {
		if f.Value != "" {
			b = AppendElement(b, f.Name, f.Value)
		}
	}
	return append(b, "</UserDelegationKey>"...), nil
}

// byDelegation authorizes by a SAS that a user delegation key signed. It opens what
// both its permissions and the roles of its principal open, as these are now.
func (e *Endpoint) byDelegation(keys *keySet, s *sasToken) (Grant, error) {
	if keys.delegation == nil || !s.since("2018-11-09") {
		return Grant{}, s.refuse("User delegation needs a version from 2018-11-09 on.")
	}
	if s.r.Query.Has("si") {
		return Grant{}, InvalidQuery("si", s.get("si"), "A user delegation SAS has no stored access policy.")
	}
	k := delegationKey{s.get("skoid"), s.get("sktid"), s.get("skt"), s.get("ske"), s.get("sks"), s.get("skv"), s.get("skdutid")}
	if err := e.verifyDelegated(s, wire.NewSigner(k.value(keys.delegation))); err != nil {
		return Grant{}, err
	}
	if k.service != string(e.service) {
		return Grant{}, Fail("AuthorizationServiceMismatch")
	}
	if err := e.checkTimes(s, k.start, k.expiry); err != nil {
		return Grant{}, err
	}
	s.permissions, s.start, s.expiry = s.get("sp"), s.get("st"), s.get("se")
	g, err := e.grantOf(s)
	if err != nil {
		return Grant{}, err
	}
	if err := e.checkDelegatedUser(s); err != nil {
		return Grant{}, err
	}
	b, err := e.access.Delegated(s.r.HTTP.Context(), k.oid, k.tid)
	if fault.Is(err, fault.Unauthorized) {
		return Grant{}, s.refuse("The principal of the key is not known any more.")
	}
	if err == nil {
		err = e.askRoles(b, s.op, s.target)
	}
	g.Principal, g.Tenant = k.oid, k.tid
	return g, err
}

// verifyDelegated checks the signature. The Go SDK takes the account's name for it from
// the host, also where it is in the path; the key is of one account, so that the name
// adds nothing.
func (e *Endpoint) verifyDelegated(s *sasToken, key *wire.Signer) error {
	given := s.given()
	label, _, _ := strings.Cut(s.r.HTTP.Host, ".")
	for i, account := range [...]string{label, e.account} {
		if i == 0 && s.r.HostStyle { // the label is the account, or its second name
			continue
		}
		canonical, err := e.canonical(s, account)
		if err != nil {
			return err
		}
		s.fields = s.fields[:0]
		e.signDelegated(s, canonical)
		if given != nil && key.Signed(s.text(), given) {
			return nil
		}
	}
	return s.mismatch()
}

// signDelegated gathers what a user delegation SAS signs.
func (e *Endpoint) signDelegated(s *sasToken, canonical string) {
	s.sign("sp", "st", "se")
	s.fields = append(s.fields, canonical)
	s.sign("skoid", "sktid", "skt", "ske", "sks", "skv")
	if e.service == Blob && s.since("2020-02-10") {
		s.sign("saoid", "suoid", "scid")
	}
	if s.since("2025-07-05") {
		s.sign("skdutid", "sduoid")
	}
	s.sign("sip", "spr", "sv")
	switch e.service {
	case Blob:
		s.sign("sr")
		s.fields = append(s.fields, s.moment())
		if s.since("2020-12-06") {
			s.sign("ses")
		}
		if s.since("2026-04-06") {
			s.fields = append(s.fields, s.signedHeaders(), s.signedQuery())
		}
		s.sign("rscc", "rscd", "rsce", "rscl", "rsct")
	case Table:
		s.sign("spk", "srk", "epk", "erk")
	}
}

// signedHeaders are the headers that srh names, name:value LF each, as the request
// has them: no others fit the signature.
func (s *sasToken) signedHeaders() string {
	var b strings.Builder
	for name := range strings.SplitSeq(s.get("srh"), ",") {
		if name != "" {
			b.WriteString(name + ":" + strings.Join(s.r.HTTP.Header.Values(name), ",") + "\n")
		}
	}
	return b.String()
}

// signedQuery is the same of parameters that srq names, LF name:value each.
func (s *sasToken) signedQuery() string {
	var b strings.Builder
	for name := range strings.SplitSeq(s.get("srq"), ",") {
		if name != "" {
			b.WriteString("\n" + name + ":" + s.get(strings.ToLower(name)))
		}
	}
	return b.String()
}

// checkDelegatedUser: a SAS that is for one user (sduoid) needs that user's token too.
func (e *Endpoint) checkDelegatedUser(s *sasToken) error {
	user := s.get("sduoid")
	if user == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(s.r.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return s.refuse("The signature is for one user (sduoid), whose bearer token must be in the header Authorization.")
	}
	b, err := e.access.Verify(s.r.HTTP.Context(), strings.TrimSpace(token))
	if err != nil && !fault.Is(err, fault.Unauthorized) {
		return err
	}
	tenant := s.get("skdutid")
	if err != nil || !strings.EqualFold(b.Principal, user) || tenant != "" && !strings.EqualFold(b.Tenant, tenant) ||
		!b.Expires.IsZero() && !e.now().Before(b.Expires) {
		return s.refuse("The bearer token is not one of the user that the signature is for (sduoid).")
	}
	return nil
}
