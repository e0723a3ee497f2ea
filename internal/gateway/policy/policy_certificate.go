package policy

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Certificates are those of a service, and whom it trusts for the certificates of
// callers.
type Certificates struct {
	// Find is one by its name or, where that is empty, by its thumbprint; nil: there is
	// none. It has no private key where the service has none of it.
	Find func(id, thumbprint string) *tls.Certificate
	// All are those by name.
	All map[string]*x509.Certificate
	// Trusts reports why a chain, the caller's own first, is not trusted at a time.
	Trusts func(chain []*x509.Certificate, at time.Time) error
}

// certificates are those of the exchange's service.
func (x *Exchange) certificates() Certificates {
	if x.World.Certificates == nil {
		return Certificates{Find: func(string, string) *tls.Certificate { return nil }}
	}
	return x.World.Certificates()
}

// certificateOf is context.Request.Certificate: null where the caller has none.
func (x *Exchange) certificateOf() any {
	chain := x.Request.Certificates
	if len(chain) == 0 {
		return nil
	}
	trusts := x.certificates().Trusts
	return &expression.Certificate{Certificate: chain[0], Trusts: func(at time.Time) error {
		if trusts == nil {
			return x509.UnknownAuthorityError{Cert: chain[0]}
		}
		return trusts(chain, at)
	}}
}

// deployed are context.Deployment.Certificates.
func (x *Exchange) deployed() *expression.Dict {
	d, all := expression.NewDict(), x.certificates()
	var names []string
	for name := range all.All {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		cert := all.All[name]
		shown := all.Find(name, "")
		d.Set(name, &expression.Certificate{
			Certificate: cert, Keyed: shown != nil && shown.PrivateKey != nil,
			Trusts: func(at time.Time) error { return all.Trusts([]*x509.Certificate{cert}, at) },
		})
	}
	return d
}

// validateCertificate is validate-client-certificate. Revocation lists are elsewhere,
// and are not asked.
type validateCertificate struct {
	trust, before, after, ignore bool
	identities                   []certificateIdentity
}

// certificateIdentity is what one identity demands; what is empty is not asked for.
type certificateIdentity struct {
	thumbprint, serial, common, subject, dns string
	issuer, issuerThumbprint, issuerID       string
}

// maxIdentities is how many Azure takes.
const maxIdentities = 10

func compileValidateCertificate(r *args) action {
	r.flag("validate-revocation", true)
	v := &validateCertificate{
		trust: r.flag("validate-trust", true), before: r.flag("validate-not-before", true), after: r.flag("validate-not-after", true),
		ignore: r.flag("ignore-error", false),
	}
	list := r.child("identities")
	if list == nil {
		return v
	}
	r.sub(list, func(in *args) {
		all := in.children("identity")
		if len(all) == 0 || len(all) > maxIdentities {
			in.fail(list.Pos, "1 to %d <identity> belong into it", maxIdentities)
		}
		for _, e := range all {
			in.sub(e, func(one *args) { v.identities = append(v.identities, one.identity()) })
		}
	})
	return v
}

func (r *args) identity() certificateIdentity {
	i := certificateIdentity{
		thumbprint: r.literal("thumbprint", ""), serial: r.literal("serial-number", ""), common: r.literal("common-name", ""),
		subject: r.literal("subject", ""), dns: r.literal("dns-name", ""), issuer: r.literal("issuer-subject", ""),
		issuerThumbprint: r.literal("issuer-thumbprint", ""), issuerID: r.literal("issuer-certificate-id", ""),
	}
	if i == (certificateIdentity{}) {
		r.fail(r.e.Pos, "it demands nothing")
	}
	if i.issuerID != "" {
		r.certificateID("issuer-certificate-id", i.issuerID)
		if i.issuer != "" || i.issuerThumbprint != "" {
			r.fail(r.place("issuer-certificate-id"), "'issuer-certificate-id' stands without 'issuer-subject' and 'issuer-thumbprint'")
		}
	}
	return i
}

// certificateID refuses the name of a certificate that is not there.
func (r *args) certificateID(attribute, id string) {
	if known := r.c.names.Certificate; known != nil && !known(id) {
		r.fail(r.place(attribute), "Certificate with id '%s' could not be found.", clip(id))
	}
}

func (v *validateCertificate) run(x *Exchange) error {
	reason, message := v.check(x)
	if reason == "" {
		return nil
	}
	if v.ignore {
		x.Trace.Add(x, x.section.String(), "validate-client-certificate", map[string]any{"message": message})
		return nil
	}
	f := refuse(http.StatusUnauthorized, "validate-client-certificate", reason, message)
	f.Shown = "Invalid client certificate"
	return f
}

// check is why the caller's certificate is not taken. Azure does not say which reasons
// it gives; these say what is wrong.
func (v *validateCertificate) check(x *Exchange) (reason, message string) {
	chain := x.Request.Certificates
	if len(chain) == 0 {
		return "ClientCertificateNotFound", "No client certificate received."
	}
	cert, now := chain[0], time.Now()
	switch {
	case v.before && now.Before(cert.NotBefore):
		return "ClientCertificateNotYetValid", "The client certificate holds from " + cert.NotBefore.UTC().Format(time.RFC3339) + " on."
	case v.after && now.After(cert.NotAfter):
		return "ClientCertificateExpired", "The client certificate has expired on " + cert.NotAfter.UTC().Format(time.RFC3339) + "."
	}
	all := x.certificates()
	if v.trust {
		at := now // or, where that does not count, a time within the certificate's
		if at.Before(cert.NotBefore) {
			at = cert.NotBefore
		} else if at.After(cert.NotAfter) {
			at = cert.NotAfter
		}
		if all.Trusts == nil {
			return "ClientCertificateNotTrusted", "Nobody is trusted for client certificates."
		}
		if err := all.Trusts(chain, at); err != nil {
			return "ClientCertificateNotTrusted", "The client certificate is not trusted: " + err.Error()
		}
	}
	if v.identities != nil && !slices.ContainsFunc(v.identities, func(i certificateIdentity) bool { return i.fits(chain, all) }) {
		return "ClientCertificateIdentityNotMatched", "The client certificate " + expression.DistinguishedName(cert.RawSubject) + " fits none of the identities."
	}
	return "", ""
}

// fits reports whether the caller's certificate is as demanded, in everything.
func (i *certificateIdentity) fits(chain []*x509.Certificate, all Certificates) bool {
	cert := chain[0]
	fits := (i.thumbprint == "" || sameThumbprint(cert, i.thumbprint)) &&
		(i.serial == "" || expression.SameNumber(cert, i.serial)) &&
		(i.common == "" || cert.Subject.CommonName == i.common) &&
		(i.subject == "" || expression.DistinguishedName(cert.RawSubject) == i.subject) &&
		(i.dns == "" || slices.ContainsFunc(cert.DNSNames, func(n string) bool { return strings.EqualFold(n, i.dns) })) &&
		(i.issuer == "" || expression.DistinguishedName(cert.RawIssuer) == i.issuer)
	if !fits || i.issuerThumbprint == "" && i.issuerID == "" {
		return fits
	}
	var known []*x509.Certificate
	for _, c := range append(chain[1:len(chain):len(chain)], mapValues(all.All)...) {
		if cert.CheckSignatureFrom(c) == nil {
			known = append(known, c)
		}
	}
	return slices.ContainsFunc(known, func(issuer *x509.Certificate) bool {
		if i.issuerID == "" {
			return sameThumbprint(issuer, i.issuerThumbprint)
		}
		own := all.Find(i.issuerID, "")
		return own != nil && own.Leaf.Equal(issuer)
	})
}

func mapValues(m map[string]*x509.Certificate) (all []*x509.Certificate) {
	for _, c := range m {
		all = append(all, c)
	}
	return all
}

// sameThumbprint reports whether a text is a certificate's thumbprint, however it is
// written.
func sameThumbprint(c *x509.Certificate, text string) bool {
	return strings.EqualFold(strings.NewReplacer(" ", "", ":", "", "-", "").Replace(text), expression.Thumbprint(c))
}

// showCertificate is authentication-certificate.
type showCertificate struct{ thumbprint, id, body, password *value }

func compileShowCertificate(r *args) action {
	s := &showCertificate{r.value("thumbprint"), r.value("certificate-id"), r.value("body"), r.value("password")}
	given := 0
	for _, v := range []*value{s.thumbprint, s.id, s.body} {
		if v != nil {
			given++
		}
	}
	switch {
	case given != 1:
		r.fail(r.e.Pos, "one of the attributes 'thumbprint', 'certificate-id' and 'body' belongs here")
	case s.password != nil && s.body == nil:
		r.fail(r.place("password"), "'password' stands beside 'body'")
	case s.id != nil && s.id.program == nil:
		r.certificateID("certificate-id", s.id.literal)
	}
	return s
}

func (s *showCertificate) run(x *Exchange) (err error) {
	x.shown, err = s.find(x)
	return err
}

// find is the certificate that the backend is shown.
func (s *showCertificate) find(x *Exchange) (*tls.Certificate, error) {
	if s.body != nil {
		return s.read(x)
	}
	by := []string{"", ""}
	for i, v := range []*value{s.id, s.thumbprint} {
		if v == nil {
			continue
		}
		var err error
		if by[i], err = v.text(x); err != nil {
			return nil, err
		}
	}
	cert := x.certificates().Find(by[0], strings.NewReplacer(" ", "", ":", "", "-", "").Replace(by[1]))
	switch {
	case cert == nil:
		return nil, broken("authentication-certificate", "CertificateNotFound", "there is no certificate "+clip(by[0]+by[1]))
	case cert.PrivateKey == nil:
		return nil, broken("authentication-certificate", "CertificateNotFound", "the certificate "+clip(by[0]+by[1])+" has no private key here, so it cannot be shown")
	}
	return cert, nil
}

func (s *showCertificate) read(x *Exchange) (*tls.Certificate, error) {
	v, err := s.body.any(x)
	if err != nil {
		return nil, err
	}
	data, ok := v.([]byte)
	if !ok {
		return nil, broken("authentication-certificate", "InvalidCertificate", "body is an expression that gives a byte[]")
	}
	password := ""
	if s.password != nil {
		if password, err = s.password.text(x); err != nil {
			return nil, err
		}
	}
	if x.World.ReadCertificate == nil {
		return nil, broken("authentication-certificate", "InvalidCertificate", "certificates cannot be read here")
	}
	cert, err := x.World.ReadCertificate(data, password)
	if err == nil && cert.PrivateKey == nil {
		err = broken("authentication-certificate", "InvalidCertificate", "the certificate has no private key, so it cannot be shown")
	}
	return cert, err
}
