package storage

import (
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// bySAS authorizes by a shared access signature in the query: of the account (it has
// ss and srt), by user delegation (skoid), or of the service.
func (e *Endpoint) bySAS(keys *keySet, r *Request, op *Operation, t Target) (Grant, error) {
	sas := sasToken{r: r, op: op, target: t, version: r.Query.Get("sv")}
	if !wellFormed(sas.version) || sas.version < "2012-02-12" {
		return Grant{}, sas.refuse("sv is mandatory. Cannot be empty, and is a version from 2012-02-12 on.")
	}
	switch {
	case r.Query.Has("ss") || r.Query.Has("srt"):
		return e.byAccountSAS(keys, &sas)
	case r.Query.Has("skoid"):
		return e.byDelegation(keys, &sas)
	}
	return e.byServiceSAS(keys, &sas)
}

// sasToken is a shared access signature and what it is shown for.
type sasToken struct {
	r       *Request
	op      *Operation
	target  Target
	version string
	fields  []string // what was signed, in order
	space   [sha256.Size + 1]byte

	permissions, start, expiry string // of the token or of its stored policy
}

func (s *sasToken) get(name string) string { return s.r.Query.Get(name) }

// refuse is the 403 that a token gets that cannot be trusted.
func (s *sasToken) refuse(detail string) *Error {
	return Fail("AuthenticationFailed").With("AuthenticationErrorDetail", detail)
}

// since reports whether the token's version is the given one or newer.
func (s *sasToken) since(version string) bool { return s.version >= version }

// sign adds parameters to what is signed.
func (s *sasToken) sign(names ...string) {
	for _, n := range names {
		s.fields = append(s.fields, s.get(n))
	}
}

// text is what is signed.
func (s *sasToken) text() []byte { return []byte(strings.Join(s.fields, "\n")) }

// given is the signature, nil when it is none.
func (s *sasToken) given() []byte { return decodeSignature(&s.space, s.r.Query.Base64("sig")) }

// mismatch is the 403 of a wrong signature.
func (s *sasToken) mismatch() *Error {
	return s.refuse("Signature did not match. String to sign used was " + string(s.text()))
}

func (e *Endpoint) byAccountSAS(keys *keySet, s *sasToken) (Grant, error) {
	if keys.of.Disabled {
		return Grant{}, Fail("KeyBasedAuthenticationNotPermitted")
	}
	s.fields = append(s.fields, e.account)
	s.sign("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
	if s.since("2020-12-06") {
		s.sign("ses")
	}
	s.fields = append(s.fields, "")
	if given := s.given(); given == nil || !keys.anySigned(s.text(), given) {
		return Grant{}, s.mismatch()
	}
	s.permissions, s.start, s.expiry = s.get("sp"), s.get("st"), s.get("se")
	if err := e.checkToken(s); err != nil {
		return Grant{}, err
	}
	permission := s.op.Permission
	if s.op.AccountPermission != "" {
		permission = s.op.AccountPermission
	}
	switch {
	case strings.IndexByte(s.get("ss"), byte(e.service)) < 0:
		return Grant{}, Fail("AuthorizationServiceMismatch")
	case strings.IndexByte(s.get("srt"), byte(s.op.Level)) < 0:
		return Grant{}, Fail("AuthorizationResourceTypeMismatch")
	case !permits(s.permissions, permission, s.op.Every):
		return Grant{}, Fail("AuthorizationPermissionMismatch")
	}
	return Grant{SAS: true, Permissions: s.permissions, EncryptionScope: s.get("ses")}, nil
}

func (e *Endpoint) byServiceSAS(keys *keySet, s *sasToken) (Grant, error) {
	if keys.of.Disabled {
		return Grant{}, Fail("KeyBasedAuthenticationNotPermitted")
	}
	canonical, err := e.canonical(s, e.account)
	if err != nil {
		return Grant{}, err
	}
	s.sign("sp", "st", "se")
	s.fields = append(s.fields, canonical)
	s.sign("si")
	if s.since("2015-04-05") {
		s.sign("sip", "spr")
	}
	s.sign("sv")
	switch e.service {
	case Blob:
		s.signBlob()
	case Table:
		s.sign("spk", "srk", "epk", "erk")
	}
	if given := s.given(); given == nil || !keys.anySigned(s.text(), given) {
		return Grant{}, s.mismatch()
	}
	if err := e.readPolicy(s); err != nil {
		return Grant{}, err
	}
	return e.grantOf(s)
}

// signBlob adds what tokens of blobs sign behind their version.
func (s *sasToken) signBlob() {
	if s.since("2018-11-09") {
		s.sign("sr")
		s.fields = append(s.fields, s.moment())
	}
	if s.since("2020-12-06") {
		s.sign("ses")
	}
	if s.since("2013-08-15") {
		s.sign("rscc", "rscd", "rsce", "rscl", "rsct")
	}
}

// moment is the snapshot or version that a token of one is for: what the request
// asks for, so that the signature fits no other.
func (s *sasToken) moment() string {
	switch s.get("sr") {
	case "bs":
		return s.target.Snapshot
	case "bv":
		return s.target.Version
	}
	return ""
}

// canonical names what the token is for, by its kind and the request's target.
func (e *Endpoint) canonical(s *sasToken, account string) (string, error) {
	prefix := "/" + account + "/"
	if s.since("2015-02-21") {
		prefix = "/" + e.service.String() + prefix
	}
	t := s.target
	switch e.service {
	case Queue:
		return prefix + t.Container, nil
	case Table:
		return prefix + strings.ToLower(t.Container), nil
	}
	switch s.get("sr") {
	case "c":
		return prefix + t.Container, nil
	case "b", "bs", "bv":
		return prefix + t.Container + "/" + t.Blob, nil
	case "d":
		directory, ok := outerDirectory(t.Blob, s.get("sdd"))
		if !ok {
			return "", s.refuse("The blob is not in a directory as deep as sdd says.")
		}
		return prefix + t.Container + "/" + directory, nil
	}
	return "", s.refuse("sr is mandatory. Cannot be empty, and is one of c, b, bs, bv, d.")
}

// outerDirectory is the first depth segments of a name, which must have as many.
func outerDirectory(name, depth string) (string, bool) {
	n, ok := decimal([]byte(depth))
	if !ok || n > 1024 {
		return "", false
	}
	end := 0
	for ; n > 0; n-- {
		if end > 0 {
			end++ // the slash
		}
		if end >= len(name) {
			return "", false
		}
		if slash := strings.IndexByte(name[end:], '/'); slash >= 0 {
			end += slash
		} else {
			end = len(name)
		}
	}
	return name[:end], true
}

// grantOf checks times, source and permissions of a token of the service, whose
// signature is right.
func (e *Endpoint) grantOf(s *sasToken) (Grant, error) {
	if err := e.checkToken(s); err != nil {
		return Grant{}, err
	}
	if s.op.AccountOnly || s.op.Permission == "" {
		return Grant{}, Fail("AuthorizationFailure")
	}
	if !permits(s.permissions, s.op.Permission, s.op.Every) {
		return Grant{}, Fail("AuthorizationPermissionMismatch")
	}
	g := Grant{SAS: true, Permissions: s.permissions, EncryptionScope: s.get("ses")}
	switch e.service {
	case Blob:
		g.Reply = s.replyHeaders()
	case Table:
		g.Keys = KeyRange{s.optional("spk"), s.optional("srk"), s.optional("epk"), s.optional("erk")}
	}
	return g, nil
}

func (s *sasToken) optional(name string) *string {
	if v := s.get(name); v != "" {
		return &v
	}
	return nil
}

func (s *sasToken) replyHeaders() (all []Element) {
	for _, h := range [...][2]string{
		{"rscc", "Cache-Control"},
		{"rscd", "Content-Disposition"},
		{"rsce", "Content-Encoding"},
		{"rscl", "Content-Language"},
		{"rsct", "Content-Type"},
	} {
		if v := s.get(h[0]); v != "" {
			all = append(all, Element{h[1], v})
		}
	}
	return all
}

// permits reports whether granted has any (or each) of the wanted letters.
func permits(granted, wanted string, each bool) bool {
	for i := range len(wanted) {
		if has := strings.IndexByte(granted, wanted[i]) >= 0; has != each {
			return has
		}
	}
	return each && wanted != ""
}

// checkToken checks what all kinds of tokens say: when, by which protocol, from where.
func (e *Endpoint) checkToken(s *sasToken) error {
	if s.permissions == "" {
		return s.refuse("sp is mandatory. Cannot be empty")
	}
	if err := e.checkTimes(s, s.start, s.expiry); err != nil {
		return err
	}
	switch s.get("spr") {
	case "", "https,http", "http,https":
	case "https":
		if !s.r.Secure() {
			return Fail("AuthorizationProtocolMismatch")
		}
	default:
		return s.refuse("spr is neither https nor https,http.")
	}
	return checkSource(s)
}

// checkTimes: start may be absent, expiry not.
func (e *Endpoint) checkTimes(s *sasToken, start, expiry string) error {
	now := e.now()
	end, ok := ParseTime(expiry)
	if !ok {
		return s.refuse("se is mandatory. Cannot be empty, and is a time as 2006-01-02T15:04:05Z.")
	}
	begin, ok := ParseTime(start)
	if start != "" && !ok {
		return s.refuse("st is not a time as 2006-01-02T15:04:05Z.")
	}
	if now.Before(begin) || !now.Before(end) {
		return s.refuse("Signature not valid in the specified time frame: Start [" + start + "] - Expiry [" + expiry + "] - Current [" +
			now.UTC().Format(http.TimeFormat) + "]")
	}
	return nil
}

// ParseTime reads a time as SAS and stored access policies have them: with seconds,
// with a fraction, with minutes only, or a date.
func ParseTime(text string) (time.Time, bool) {
	for _, layout := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// checkSource holds the peer's address against sip, one address or a range.
func checkSource(s *sasToken) error {
	sip := s.get("sip")
	if sip == "" {
		return nil
	}
	first, last, isRange := strings.Cut(sip, "-")
	if !isRange {
		last = first
	}
	low, err := netip.ParseAddr(first)
	high, bad := netip.ParseAddr(last)
	if err != nil || bad != nil {
		return s.refuse("sip is neither an IP address nor a range of two.")
	}
	peer, err := netip.ParseAddrPort(s.r.HTTP.RemoteAddr)
	if from := peer.Addr().Unmap().WithZone(""); err != nil || from.Less(low) || high.Less(from) {
		e := Fail("AuthorizationSourceIPMismatch")
		e.Message = strings.Replace(e.Message, "{0}", from.String(), 1)
		return e
	}
	return nil
}

// readPolicy takes from the stored access policy that si names what the token itself
// leaves open.
func (e *Endpoint) readPolicy(s *sasToken) error {
	s.permissions, s.start, s.expiry = s.get("sp"), s.get("st"), s.get("se")
	id, named := s.r.Query.Lookup("si")
	if !named {
		return nil
	}
	p, err := e.policy(s.r, s.target.Container, id)
	if err != nil {
		return err
	}
	if p == nil {
		return s.refuse("There is no stored access policy " + clip(id, 64) + ".")
	}
	for _, f := range [...]struct {
		name   string
		own    *string
		stored string
	}{{"sp", &s.permissions, p.Permission}, {"st", &s.start, p.Start}, {"se", &s.expiry, p.Expiry}} {
		switch {
		case f.stored == "":
		case *f.own != "":
			return InvalidQuery(f.name, *f.own, "The stored access policy says it too; only one of both may.")
		default:
			*f.own = f.stored
		}
	}
	return nil
}

// policy finds a stored access policy; nil when there is none.
func (e *Endpoint) policy(r *Request, container, id string) (*Policy, error) {
	if e.policies == nil {
		return nil, nil
	}
	text, err := e.policies(r.HTTP.Context(), container)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := ParsePolicies(text)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == id {
			return &all[i], nil
		}
	}
	return nil, nil
}
