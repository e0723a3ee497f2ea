package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// cluster is how a binding says to reach a cluster.
type cluster struct {
	brokers []string
	options []kgo.Opt
	key     string // tells clusters, and ways to reach them, apart
}

// refused are properties of what there is no support for: to pass over them would
// hand over something else than what was asked for.
var refused = map[string]string{
	"avroSchema": "Avro is not supported", "keyAvroSchema": "Avro is not supported",
	"schemaRegistryUrl": "schema registries are not supported", "schemaRegistryUsername": "schema registries are not supported",
	"schemaRegistryPassword": "schema registries are not supported", "sslKeyPassword": "a private key under a password is not supported; take the password off (openssl pkey -in key.pem -out plain.pem)",
	"oAuthBearerMethod": noBearer, "oAuthBearerClientId": noBearer, "oAuthBearerClientSecret": noBearer, "oAuthBearerScope": noBearer,
	"oAuthBearerTokenEndpointUrl": noBearer, "oAuthBearerExtensions": noBearer,
}

const noBearer = "OAuthBearer is not supported; sign in by Plain, ScramSha256 or ScramSha512"

// hubPort is the port of the Kafka endpoint of an event hubs namespace.
const hubPort = "9093"

// readCluster reads what trigger and output have in common: brokerList, protocol,
// authenticationMode, username, password, eventHubConnectionString and the ssl
// properties. Texts that are names of settings are the settings' values, as in
// Azure's host. dir is where paths of files begin.
func readCluster(b *binding.Binding, set *settings.Settings, dir string) (cluster, error) {
	r := properties{b, set}
	for name, why := range refused {
		if b.Text(name) != "" {
			return cluster{}, fault.New(fault.Invalid, "binding "+b.Name, "%s: %s", name, why)
		}
	}
	c := cluster{brokers: brokers(r.text("brokerList"))}
	protocol, mode := plainName(b.Text("protocol")), plainName(b.Text("authenticationMode"))
	user, password := r.text("username"), r.text("password")
	if hub := r.text("eventHubConnectionString"); hub != "" {
		protocol, mode, user, password = "saslssl", "plain", "$ConnectionString", hub
	}
	if len(c.brokers) == 0 {
		return c, fault.New(fault.Invalid, "binding "+b.Name, "needs brokerList, such as localhost:9092")
	}
	c.options = append(c.options, kgo.SeedBrokers(c.brokers...))
	c.key = strings.Join(c.brokers, ",") + "\x00" + protocol + "\x00" + mode + "\x00" + user + "\x00" + password
	if strings.HasPrefix(protocol, "sasl") {
		mechanism, err := mechanismOf(b, mode, user, password)
		if err != nil {
			return c, err
		}
		c.options = append(c.options, kgo.SASL(mechanism))
	} else if mode != "" && mode != "notset" {
		return c, fault.New(fault.Invalid, "binding "+b.Name, "authenticationMode %s needs the protocol SaslSsl or SaslPlaintext, which is %q", mode, b.Text("protocol"))
	}
	own, err := r.tls(dir)
	if err != nil {
		return c, err
	}
	switch protocol {
	case "ssl", "saslssl":
		c.options = append(c.options, kgo.DialTLSConfig(own))
	case "", "notset", "plaintext", "saslplaintext":
	default:
		return c, fault.New(fault.Invalid, "binding "+b.Name, "protocol must be Plaintext, Ssl, SaslPlaintext or SaslSsl, is %q", b.Text("protocol"))
	}
	return c, nil
}

// brokers splits a list; one without a port means the usual one.
func brokers(list string) (all []string) {
	for broker := range strings.SplitSeq(list, ",") {
		if broker = strings.TrimSpace(broker); broker == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(broker); err != nil && strings.HasSuffix(broker, ".servicebus.windows.net") {
			broker = net.JoinHostPort(broker, hubPort)
		}
		all = append(all, broker)
	}
	return all
}

// plainName is a name of an enumeration, of which every language has its own
// spelling: SaslSsl, SASLSSL, SASL_SSL.
func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
}

func mechanismOf(b *binding.Binding, mode, user, password string) (sasl.Mechanism, error) {
	switch mode {
	case "plain":
		return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
	case "scramsha256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism(), nil
	case "scramsha512":
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, fault.New(fault.Invalid, "binding "+b.Name,
		"authenticationMode must be Plain, ScramSha256 or ScramSha512 with this protocol, is %q; Gssapi and OAuthBearer are not supported", b.Text("authenticationMode"))
}

// properties reads texts that may be names of settings.
type properties struct {
	b   *binding.Binding
	set *settings.Settings
}

func (r properties) text(name string) string {
	text := r.b.Text(name)
	if text == "" {
		return ""
	}
	if value, found := r.set.Lookup(text); found && value != "" {
		return value
	}
	return text
}

// tls is what the ssl properties say; sslCertificateandKeyPEM holds both.
func (r properties) tls(dir string) (*tls.Config, error) {
	bad := func(property string, err error) error {
		return fault.Wrap(fault.Invalid, "binding "+r.b.Name, err, "%s", property)
	}
	own := &tls.Config{MinVersion: tls.VersionTLS12}
	ca, property, err := r.pem(dir, "sslCaLocation", "sslCaPEM")
	if err != nil {
		return nil, bad(property, err)
	}
	if ca != nil {
		own.RootCAs = x509.NewCertPool()
		if !own.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fault.New(fault.Invalid, "binding "+r.b.Name, "%s holds no certificate in PEM", property)
		}
	}
	certificate, property, err := r.pem(dir, "sslCertificateLocation", "sslCertificatePEM")
	if err != nil {
		return nil, bad(property, err)
	}
	key, property, err := r.pem(dir, "sslKeyLocation", "sslKeyPEM")
	if err != nil {
		return nil, bad(property, err)
	}
	if both := r.text("sslCertificateandKeyPEM"); both != "" {
		certificate, key = []byte(unescaped(both)), []byte(unescaped(both))
	}
	switch {
	case certificate == nil && key == nil:
		return own, nil
	case certificate == nil || key == nil:
		return nil, fault.New(fault.Invalid, "binding "+r.b.Name, "a client certificate needs both: the certificate and its key")
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, bad("sslCertificateLocation", err)
	}
	own.Certificates = []tls.Certificate{pair}
	return own, nil
}

// pem is what a file of the app holds, or what the property itself does.
func (r properties) pem(dir, location, text string) (content []byte, property string, err error) {
	if path := r.text(location); path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		content, err = os.ReadFile(path)
		return content, location, err
	}
	if s := r.text(text); s != "" {
		return []byte(unescaped(s)), text, nil
	}
	return nil, "", nil
}

// unescaped undoes what settings do to line ends of PEM.
func unescaped(s string) string {
	if block, _ := pem.Decode([]byte(s)); block != nil {
		return s
	}
	return strings.ReplaceAll(s, `\n`, "\n")
}
