package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// hubFlags say which Event Hubs namespace a verb talks to: Azure's by a
// connection string or a name, otherwise the lazuli that runs here.
type hubFlags struct {
	connection string
	namespace  string
	endpoint   string
}

func (f *hubFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.connection, "connection-string", "", "connection string of another namespace")
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "namespace of the running lazuli; else of Azure (NAME, NAME.servicebus.windows.net or HOST:PORT), signed in with DefaultAzureCredential")
	cmd.Flags().StringVar(&f.endpoint, "endpoint", "", "connect to HOST[:PORT] in place of the namespace's own address: a private endpoint or a proxy")
	cmd.MarkFlagsMutuallyExclusive("connection-string", "namespace")
}

// check refuses flags that say too little.
func (f *hubFlags) check() error {
	if f.endpoint != "" && f.namespace == "" && f.connection == "" {
		return errors.New("--endpoint is where to connect; --namespace or --connection-string says to which namespace")
	}
	return nil
}

// name returns the hub that the command line names: its argument, or what the
// connection string says.
func (f *hubFlags) name(cmd *cobra.Command, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	if props, err := azeventhubs.ParseConnectionString(f.connection); err == nil && props.EntityPath != nil {
		return *props.EntityPath, nil
	}
	return "", &usageError{cmd, errors.New("HUB is missing")}
}

// hubScope is what a token for Event Hubs is good for, as the SDK asks for it.
const hubScope = "https://eventhubs.azure.net//.default"

// closeTimeout bounds the good-bye to a service.
const closeTimeout = 5 * time.Second

// namespace is where a client connects and what it shows there: a connection
// string, or a host with a credential.
type namespace struct {
	connection string
	host       string
	credential azcore.TokenCredential
	endpoint   string      // connect here instead; "" is the namespace's own address
	tls        *tls.Config // nil: what the machine trusts
}

// open finds the namespace, and signs in if it has to.
func (f *hubFlags) open(ctx context.Context, s *session) (namespace, error) {
	ns := namespace{connection: f.connection, endpoint: hostOf(f.endpoint)}
	var err error
	switch {
	case f.namespace != "":
		if local, found, err := s.localNamespace(f.namespace, ns.endpoint); found || err != nil {
			return local, err
		}
		ns.host = namespaceHost(f.namespace)
		if ns.credential, err = signIn(ctx, hubScope); err != nil {
			return ns, err
		}
	case f.connection == "":
		local, _, err := s.localNamespace("", "")
		return local, orAzure(err)
	default:
		props, err := azeventhubs.ParseConnectionString(f.connection)
		if err != nil {
			return ns, err
		}
		ns.host = props.FullyQualifiedNamespace
	}
	ns.tls, err = ns.trust()
	return ns, err
}

// trust returns the TLS settings for where the client connects: a lazuli's own,
// or none of ours. The SDK expects the namespace's whole name in the
// certificate; a port in it is none of the certificate's business.
func (ns *namespace) trust() (*tls.Config, error) {
	local, err := localTLS(cmp.Or(ns.endpoint, ns.host))
	if err != nil || local != nil {
		return local, err
	}
	if name, _, err := net.SplitHostPort(ns.host); err == nil {
		return &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}, nil
	}
	return nil, nil
}

// producer opens a client that sends to the hub.
func (f *hubFlags) producer(ctx context.Context, s *session, hub string) (*azeventhubs.ProducerClient, error) {
	ns, err := f.open(ctx, s)
	if err != nil {
		return nil, err
	}
	opts := &azeventhubs.ProducerClientOptions{
		ApplicationID: "lazuli", RetryOptions: hubRetries(), CustomEndpoint: ns.endpoint, TLSConfig: ns.tls,
	}
	if ns.credential != nil {
		return azeventhubs.NewProducerClient(ns.host, hub, ns.credential, opts)
	}
	return azeventhubs.NewProducerClientFromConnectionString(ns.connection, entity(ns.connection, hub), opts)
}

// consumer opens a client that reads from the hub.
func (f *hubFlags) consumer(ctx context.Context, s *session, hub, group string) (*azeventhubs.ConsumerClient, error) {
	ns, err := f.open(ctx, s)
	if err != nil {
		return nil, err
	}
	opts := &azeventhubs.ConsumerClientOptions{
		ApplicationID: "lazuli", RetryOptions: hubRetries(), CustomEndpoint: ns.endpoint, TLSConfig: ns.tls,
	}
	if ns.credential != nil {
		return azeventhubs.NewConsumerClient(ns.host, hub, group, ns.credential, opts)
	}
	return azeventhubs.NewConsumerClientFromConnectionString(ns.connection, entity(ns.connection, hub), group, opts)
}

// hubRetries gives up within seconds: a person waits.
func hubRetries() azeventhubs.RetryOptions {
	return azeventhubs.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second}
}

// namespaceHost completes a namespace's bare name.
func namespaceHost(name string) string {
	name = hostOf(name)
	if name == "localhost" || strings.ContainsAny(name, ".:") {
		return name
	}
	return name + ".servicebus.windows.net"
}

// hostOf takes host and port out of what people paste: sb://host:port/.
func hostOf(endpoint string) string {
	if _, rest, ok := strings.Cut(endpoint, "://"); ok {
		endpoint = rest
	}
	host, _, _ := strings.Cut(endpoint, "/")
	return host
}

// entity is the hub to name beside a connection string: none when the string
// names the same one already.
func entity(connection, hub string) string {
	props, err := azeventhubs.ParseConnectionString(connection)
	if err == nil && props.EntityPath != nil && strings.EqualFold(*props.EntityPath, hub) {
		return ""
	}
	return hub
}

// connections finds the running instance and what its clients need.
func (s *session) connections(choice connect.Choice) (connect.Facts, error) {
	info, err := s.instance()
	if err != nil {
		return connect.Facts{}, err
	}
	return connect.Of(info, choice)
}

// localNamespace is a namespace of the running instance, opened with its key, or
// as the developer where keys open nothing, and reached on this machine, whatever
// its name leads to elsewhere. A name without dots is one of the instance's, if one
// runs; Azure's is written in full. found is false for what is Azure's.
func (s *session) localNamespace(name, endpoint string) (ns namespace, found bool, err error) {
	info, err := s.instance()
	bare := !strings.ContainsAny(name, ".:")
	switch {
	case errors.Is(err, instance.ErrNone) && name != "", err != nil && !bare:
		return ns, false, nil
	case err != nil:
		return ns, false, err
	}
	local, err := connect.Of(info, connect.Choice{Namespace: hostOf(name)})
	if err != nil {
		if bare {
			return ns, false, fmt.Errorf("%w (one of Azure is named in full: %s)", err, namespaceHost(name))
		}
		return ns, false, nil
	}
	if local.EventHubs != "" && local.Namespace == "" && endpoint == "" {
		ns.connection = local.EventHubs
		return ns, true, nil
	}
	ns.connection, ns.host, ns.endpoint = local.EventHubs, local.NamespaceHost, cmp.Or(endpoint, local.EventHubsAt)
	if local.EventHubs == "" {
		if ns.credential, err = newDeveloper(info); err != nil {
			return ns, true, err
		}
	}
	if ns.tls, err = trusting(local.CAFile); err == nil {
		ns.tls.ServerName = local.NamespaceHost
	}
	return ns, true, err
}
