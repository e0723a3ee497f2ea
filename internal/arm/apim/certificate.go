package apim

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// certificate is the type of certificates that backends are shown and policies name.
func (p provider) certificate() arm.Type {
	t := typed(p, resource.Gateways+"/certificates", definition[gateway.Certificate]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Certificate] { return s.Certificates() },
		read:  readCertificate, show: showCertificate,
	})
	t.Refuse = []arm.Refusal{{Path: "properties.keyVault", Why: "there is no Key Vault here; give the certificate itself as data"}}
	return t
}

func readCertificate(c *arm.Call, old gateway.Certificate) (gateway.Certificate, error) {
	b := c.Body.Object("properties")
	text, password := b.Text("data"), b.Text("password")
	c.Body.Remove("properties", "data") // the engine has it
	c.Body.Remove("properties", "password")
	if text == "" && old.Chain != nil {
		return old, nil
	}
	return encodedCertificate("data", text, password)
}

// encodedCertificate reads base64 of a PFX or of DER.
func encodedCertificate(target, text, password string) (gateway.Certificate, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(data) == 0 {
		return gateway.Certificate{}, invalid(target, "The property '%s' is no certificate in base64.", target)
	}
	def, err := gateway.ReadCertificate(data, password)
	if err != nil {
		return def, invalid(target, "The certificate in '%s' cannot be read: %s.", target, err)
	}
	return def, nil
}

func showCertificate(c *arm.Call, v gateway.Certificate) {
	leaf, err := v.Leaf()
	if err != nil {
		return
	}
	c.Body.Set(expression.DistinguishedName(leaf.RawSubject), "properties", "subject")
	c.Body.Set(expression.Thumbprint(leaf), "properties", "thumbprint")
	c.Body.Set(leaf.NotAfter.UTC().Format(time.RFC3339), "properties", "expirationDate")
}

// stores are where the authorities of a service stand.
var stores = []string{"CertificateAuthority", "Root"}

// putClientTLS takes what a service wants of callers' certificates, and the authorities
// that it trusts.
func (p provider) putClientTLS(ctx context.Context, c *arm.Call, s *gateway.Service) error {
	b := c.Body
	old, _ := s.ClientTLS().Get(gateway.ClientTLSName)
	def := gateway.ClientTLS{Require: b.Bool("properties", "enableClientCertificate")}
	for _, h := range b.Objects("properties", "hostnameConfigurations") {
		def.Negotiate = def.Negotiate || h.Bool("negotiateClientCertificate")
	}
	var shown []any
	for _, given := range b.Objects("properties", "certificates") {
		store := given.Text("storeName")
		if !slices.Contains(stores, store) {
			return invalid("certificates", "The storeName '%s' is not one of %s.", store, strings.Join(stores, ", "))
		}
		chain := old.Authorities
		if text := given.Text("encodedCertificate"); text != "" || len(chain) == 0 {
			read, err := encodedCertificate("certificates", text, given.Text("certificatePassword"))
			if err != nil {
				return err
			}
			chain = read.Chain[:1]
		}
		print := given.Text("certificate", "thumbprint")
		for _, der := range chain {
			cert, err := x509.ParseCertificate(der)
			if err != nil || print != "" && !strings.EqualFold(expression.Thumbprint(cert), print) {
				continue
			}
			def.Authorities = append(def.Authorities, der)
			shown = append(shown, map[string]any{"storeName": store, "certificate": map[string]any{
				"expiry": cert.NotAfter.UTC().Format(time.RFC3339), "thumbprint": expression.Thumbprint(cert), "subject": expression.DistinguishedName(cert.RawSubject),
			}})
		}
	}
	if shown != nil {
		b.Set(shown, "properties", "certificates")
	}
	_, err := s.ClientTLS().Put(ctx, gateway.ClientTLSName, def)
	return refused(err)
}
