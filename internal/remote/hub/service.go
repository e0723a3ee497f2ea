package hub

import (
	"context"
	"crypto/tls"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Service is the hubs that connections of other processes lead to.
type Service struct {
	// Credential is who an identity connection is. Required.
	Credential func(settings.Connection) (azcore.TokenCredential, error)
	// Hint is said of a host that does not answer, such as what there is in this
	// process; nil: nothing.
	Hint func(host string) string
	// Look is how often a hub that is open is looked at for changes; 0: every 30 s.
	Look time.Duration

	mu      sync.Mutex
	senders map[senderKey]*azeventhubs.ProducerClient // guarded by mu
}

// senderKey tells clients that send apart.
type senderKey struct{ connection, identity, hub string }

// How long what the client does by itself may take.
const (
	openLimit  = 15 * time.Second
	closeLimit = 2 * time.Second
	everyLook  = 30 * time.Second
)

// retries are the client's own: they bridge a hiccup and leave outages to the host,
// which shows them.
func retries() azeventhubs.RetryOptions {
	return azeventhubs.RetryOptions{MaxRetries: 2, RetryDelay: 300 * time.Millisecond, MaxRetryDelay: 2 * time.Second}
}

// product is what the services' logs have of this program.
const product = "lazuli"

// Host implements hub.Service.
func (s *Service) Host(c settings.Connection) string {
	if c.Endpoint == nil {
		return ""
	}
	return strings.ToLower(c.Endpoint.Host)
}

// trust is the TLS of a connection; nil where the client's own is right. A port is
// none of the certificate's business.
func trust(c settings.Connection) *tls.Config {
	if c.Emulator || c.Endpoint.Port() == "" {
		return nil
	}
	return &tls.Config{ServerName: c.Endpoint.Hostname(), MinVersion: tls.VersionTLS12}
}

// entity is the hub to name beside a connection string: none when it names one.
func entity(c settings.Connection, name string) string {
	if c.EntityPath != "" {
		return ""
	}
	return name
}

// check refuses what no client can be made of.
func check(c settings.Connection) error {
	if c.Endpoint == nil || c.Endpoint.Host == "" {
		return fault.New(fault.Invalid, c.Named(), "it names no namespace")
	}
	return nil
}

// consumer makes a client that reads a hub. It dials nothing.
func (s *Service) consumer(c settings.Connection, name string, as hub.Consumer) (*azeventhubs.ConsumerClient, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	opts := &azeventhubs.ConsumerClientOptions{ApplicationID: product, InstanceID: receiverName(as.Owner), RetryOptions: retries(), TLSConfig: trust(c)}
	if !c.UsesIdentity() {
		client, err := azeventhubs.NewConsumerClientFromConnectionString(c.String, entity(c, name), as.Group, opts)
		return client, unfit(c, err)
	}
	who, err := s.Credential(c)
	if err != nil {
		return nil, fault.Wrap(fault.Unauthorized, c.Named(), err, "its identity")
	}
	client, err := azeventhubs.NewConsumerClient(c.Endpoint.Host, name, as.Group, who, opts)
	return client, unfit(c, err)
}

// longestName is the service's limit for the name of a receiver.
const longestName = 64

func receiverName(owner string) string { return owner[:min(len(owner), longestName)] }

// producer makes a client that sends to a hub, or finds the one that was made.
func (s *Service) producer(c settings.Connection, name string) (*azeventhubs.ProducerClient, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	key := senderKey{c.String, s.Host(c) + "\x00" + c.Identity.ClientID + "\x00" + c.Identity.ClientSecret, name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if client, ok := s.senders[key]; ok {
		return client, nil
	}
	client, err := s.newProducer(c, name)
	if err != nil {
		return nil, err
	}
	if s.senders == nil {
		s.senders = map[senderKey]*azeventhubs.ProducerClient{}
	}
	s.senders[key] = client
	return client, nil
}

func (s *Service) newProducer(c settings.Connection, name string) (*azeventhubs.ProducerClient, error) {
	opts := &azeventhubs.ProducerClientOptions{ApplicationID: product, RetryOptions: retries(), TLSConfig: trust(c)}
	if !c.UsesIdentity() {
		client, err := azeventhubs.NewProducerClientFromConnectionString(c.String, entity(c, name), opts)
		return client, unfit(c, err)
	}
	who, err := s.Credential(c)
	if err != nil {
		return nil, fault.Wrap(fault.Unauthorized, c.Named(), err, "its identity")
	}
	client, err := azeventhubs.NewProducerClient(c.Endpoint.Host, name, who, opts)
	return client, unfit(c, err)
}

// unfit says by which setting a client could not be made.
func unfit(c settings.Connection, err error) error {
	return fault.Wrap(fault.Invalid, c.Named(), err, "it does not fit Event Hubs")
}

// Sink implements hub.Service. It dials nothing: what cannot be reached fails when
// something is sent.
func (s *Service) Sink(_ context.Context, c settings.Connection, name string) (hub.Sink, error) {
	client, err := s.producer(c, name)
	if err != nil {
		return nil, err
	}
	return &sink{client: client, at: place{s, c, name}}, nil
}

// Close closes all that sends.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	for _, client := range s.senders {
		_ = client.Close(ctx) // it fails when the connection is gone already
	}
	clear(s.senders)
}
