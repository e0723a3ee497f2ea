package expression

import (
	"crypto/sha1" //nolint:gosec // it names certificates
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Certificate is an X509Certificate2.
type Certificate struct {
	*x509.Certificate
	// Trusts reports why its chain is not trusted at a time.
	Trusts func(at time.Time) error
	Keyed  bool // its private key is here too
}

// Thumbprint is the SHA-1 of a certificate in capital hexadecimal digits.
func Thumbprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw) //nolint:gosec // as .NET has it
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// SerialNumber is a certificate's number in capital hexadecimal digits, as it is encoded.
func SerialNumber(c *x509.Certificate) string {
	return strings.ToUpper(hex.EncodeToString(numberOf(c)))
}

func numberOf(c *x509.Certificate) []byte {
	b := c.SerialNumber.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...) // a positive number
	}
	return b
}

// attributeNames are those that .NET writes by a name.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "S", "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU",
	"2.5.4.12": "T", "2.5.4.42": "G", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "E",
}

// DistinguishedName is a name as .NET writes it: the last part first, CN=a, O=b.
func DistinguishedName(der []byte) string {
	var all pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &all); err != nil {
		return ""
	}
	var parts []string
	for i := len(all) - 1; i >= 0; i-- {
		var together []string
		for _, a := range all[i] {
			name := attributeNames[a.Type.String()]
			if name == "" {
				name = "OID." + a.Type.String()
			}
			together = append(together, name+"="+quotedName(fmt.Sprint(a.Value)))
		}
		parts = append(parts, strings.Join(together, " + "))
	}
	return strings.Join(parts, ", ")
}

// quotedName is a value within quotes where it would end or begin something.
func quotedName(s string) string {
	if s == "" || s != strings.TrimSpace(s) || strings.ContainsAny(s, ",+=\"\n<>#;") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// newCertificate reads a certificate, as a proxy in front hands it on in a header.
func newCertificate(of any) (any, error) {
	data, ok := of.([]byte)
	if !ok {
		return nil, fmt.Errorf("new X509Certificate2 takes a byte[]")
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("these bytes are no certificate: %w", err)
	}
	return &Certificate{Certificate: c}, nil
}

// verify is whether the chain holds now.
func verify(c *Call) (any, error) {
	cert, _ := c.This.(*Certificate)
	if cert.Trusts == nil {
		return nil, fmt.Errorf("%s is served of certificates of the caller and of the service alone", c.Name)
	}
	return cert.Trusts(time.Now()) == nil, nil
}

// name is an X500DistinguishedName.
type distinguished string

// TypeName implements Object.
func (distinguished) TypeName() string { return "X500DistinguishedName" }

// Get implements Object.
func (d distinguished) Get(name string) (any, bool, error) { return string(d), name == "Name", nil }

// Call implements Object.
func (distinguished) Call(*Call) (any, bool, error) { return nil, false, nil }

func ofCertificate(f func(c *Certificate) any) property {
	return func(v any) (any, error) { return f(v.(*Certificate)), nil }
}

var certificateProperties = map[string]property{
	"Subject":       ofCertificate(func(c *Certificate) any { return DistinguishedName(c.RawSubject) }),
	"Issuer":        ofCertificate(func(c *Certificate) any { return DistinguishedName(c.RawIssuer) }),
	"SubjectName":   ofCertificate(func(c *Certificate) any { return distinguished(DistinguishedName(c.RawSubject)) }),
	"IssuerName":    ofCertificate(func(c *Certificate) any { return distinguished(DistinguishedName(c.RawIssuer)) }),
	"Thumbprint":    ofCertificate(func(c *Certificate) any { return Thumbprint(c.Certificate) }),
	"SerialNumber":  ofCertificate(func(c *Certificate) any { return SerialNumber(c.Certificate) }),
	"NotBefore":     ofCertificate(func(c *Certificate) any { return Time{Time: c.NotBefore.UTC(), Local: true} }),
	"NotAfter":      ofCertificate(func(c *Certificate) any { return Time{Time: c.NotAfter.UTC(), Local: true} }),
	"RawData":       ofCertificate(func(c *Certificate) any { return c.Raw }),
	"Version":       ofCertificate(func(c *Certificate) any { return count(c.Version) }),
	"FriendlyName":  ofCertificate(func(*Certificate) any { return "" }),
	"HasPrivateKey": ofCertificate(func(c *Certificate) any { return c.Keyed }),
}

// textOfCertificate is a method that gives a text.
func textOfCertificate(f func(c *Certificate) string) method {
	return func(c *Call) (any, error) { return f(c.This.(*Certificate)), nil }
}

var certificateMethods = map[string]method{
	"Verify":                verify,
	"VerifyNoRevocation":    verify,
	"GetRawCertData":        func(c *Call) (any, error) { return c.This.(*Certificate).Raw, nil },
	"GetCertHashString":     textOfCertificate(func(c *Certificate) string { return Thumbprint(c.Certificate) }),
	"GetRawCertDataString":  textOfCertificate(func(c *Certificate) string { return strings.ToUpper(hex.EncodeToString(c.Raw)) }),
	"GetSerialNumberString": textOfCertificate(func(c *Certificate) string { return SerialNumber(c.Certificate) }),
	"GetSerialNumber": func(c *Call) (any, error) { // the lowest byte first
		b := numberOf(c.This.(*Certificate).Certificate)
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return b, nil
	},
	"GetPublicKeyString": textOfCertificate(func(c *Certificate) string {
		var info struct {
			Algorithm pkix.AlgorithmIdentifier
			Key       asn1.BitString
		}
		if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
			return ""
		}
		return strings.ToUpper(hex.EncodeToString(info.Key.Bytes))
	}),
}

// SameNumber reports whether a text is a certificate's number, however it is written.
func SameNumber(c *x509.Certificate, text string) bool {
	digits := strings.NewReplacer(" ", "", ":", "", "-", "").Replace(text)
	n, ok := new(big.Int).SetString(digits, 16)
	return ok && n.Cmp(c.SerialNumber) == 0
}
