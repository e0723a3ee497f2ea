package kafka

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// certificate is one that signs itself, for this machine, as PEM.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
}

// TestSecured: a cluster behind TLS, with a client certificate and each mechanism, takes
// a trigger that says so in the spellings of the languages.
func TestSecured(t *testing.T) {
	testkit.NoLeaks(t)
	cert, key := certificate(t)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inDir := func(s *trigger.Setup) { s.Dir = dir }
	server := &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	client := kgo.DialTLSConfig(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	pemText := strings.ReplaceAll(string(cert)+string(key), "\n", `\\n`)
	for name, c := range map[string]struct {
		properties string
		kfake      string
		mechanism  sasl.Mechanism
	}{
		"SCRAM-SHA-256": {`,"protocol":"SASLSSL","authenticationMode":"SCRAMSHA256","username":"user","password":"PASSWORD","sslCaLocation":"ca.pem","sslCertificateLocation":"ca.pem","sslKeyLocation":"key.pem"`, "SCRAM-SHA-256", scram.Auth{User: "user", Pass: "secret"}.AsSha256Mechanism()},
		"SCRAM-SHA-512": {`,"protocol":"SaslSsl","authenticationMode":"ScramSha512","username":"user","password":"%PASSWORD%","sslCaLocation":"ca.pem","sslCertificateandKeyPEM":"` + pemText + `"`, "SCRAM-SHA-512", scram.Auth{User: "user", Pass: "secret"}.AsSha512Mechanism()},
		"PLAIN":         {`,"protocol":"sasl_ssl","authenticationMode":"Plain","username":"user","password":"secret","sslCaPEM":"` + strings.ReplaceAll(string(cert), "\n", `\\n`) + `","sslCertificatePEM":"` + strings.ReplaceAll(string(cert), "\n", `\\n`) + `","sslKeyPEM":"` + strings.ReplaceAll(string(key), "\n", `\\n`) + `"`, "PLAIN", plain.Auth{User: "user", Pass: "secret"}.AsMechanism()},
	} {
		t.Run(name, func(t *testing.T) {
			properties := strings.ReplaceAll(c.properties, "%PASSWORD%", "PASSWORD") // as the host fills settings in
			r := newRigWith(t, nil, []kgo.Opt{client, kgo.SASL(c.mechanism)}, kfake.SeedTopics(2, "t"), kfake.TLS(server), kfake.EnableSASL(), kfake.Superuser(c.kfake, "user", "secret"))
			r.put("t", 0, "a")
			rec := &endtest.Recorder{}
			stop := r.start(r.trigger(properties, "", rec, inDir))
			r.eventually(func() bool { return total(rec) == 1 }, "the event comes")
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWrongPassword: why a cluster is not reached is said.
func TestWrongPassword(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRigWith(t, nil, []kgo.Opt{kgo.SASL(plain.Auth{User: "user", Pass: "secret"}.AsMechanism())}, kfake.SeedTopics(2, "t"), kfake.EnableSASL(), kfake.Superuser("PLAIN", "user", "secret"))
	said := make(chan string, 100)
	stop := r.start(r.trigger(`,"protocol":"SaslPlaintext","authenticationMode":"Plain","username":"user","password":"wrong"`, "", nil, func(s *trigger.Setup) {
		s.Waits = func(clause string) { said <- clause }
	}))
	if clause := <-said; !strings.Contains(clause, "does not answer (") || strings.Contains(clause, "wrong") {
		t.Error(clause)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestRefusals: what a declaration asks for and cannot have is said by its name.
func TestRefusals(t *testing.T) {
	set := settings.New(map[string]string{"BROKERS": "b:1"})
	for properties, want := range map[string]string{
		`"topic":"t"`: "needs brokerList",
		`"brokerList":"BROKERS","protocol":"SaslSsl","authenticationMode":"Gssapi"`:       "Gssapi and OAuthBearer are not supported",
		`"brokerList":"BROKERS","authenticationMode":"Plain"`:                             "needs the protocol SaslSsl or SaslPlaintext",
		`"brokerList":"BROKERS","protocol":"carrier pigeon"`:                              "protocol must be",
		`"brokerList":"BROKERS","avroSchema":"{}"`:                                        "avroSchema: Avro is not supported",
		`"brokerList":"BROKERS","schemaRegistryUrl":"x"`:                                  "schema registries are not supported",
		`"brokerList":"BROKERS","protocol":"Ssl","sslKeyPassword":"x"`:                    "openssl pkey",
		`"brokerList":"BROKERS","protocol":"Ssl","sslCaLocation":"nowhere.pem"`:           "sslCaLocation",
		`"brokerList":"BROKERS","protocol":"Ssl","sslCaPEM":"x"`:                          "sslCaPEM holds no certificate",
		`"brokerList":"BROKERS","protocol":"Ssl","sslCertificatePEM":"x"`:                 "needs both",
		`"brokerList":"BROKERS","protocol":"Ssl","sslCertificatePEM":"x","sslKeyPEM":"y"`: "sslCertificateLocation",
	} {
		if _, err := readCluster(endtest.Parse(t, `{"name":"k","type":"kafkaTrigger",`+properties+`}`), set, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", properties, err, want)
		}
	}
	for properties, want := range map[string]string{
		`"brokerList":"b:1"`: "needs topic", `"brokerList":"b:1","topic":"t","keyDataType":"long"`: "keys are text", `"brokerList":"b:1","topic":"t","lagThreshold":"x"`: "lagThreshold",
	} {
		s := endtest.Setup(t, `{"name":"k","type":"kafkaTrigger",`+properties+`}`, "", nil)
		if _, err := NewTrigger(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", properties, err, want)
		}
	}
	c, err := readCluster(endtest.Parse(t, `{"name":"k","type":"kafkaTrigger","brokerList":"mine.servicebus.windows.net","eventHubConnectionString":"Endpoint=sb://x"}`), set, "")
	if err != nil || c.brokers[0] != "mine.servicebus.windows.net:9093" {
		t.Error(c.brokers, err)
	}
}
