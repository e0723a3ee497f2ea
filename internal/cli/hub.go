package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	amqp "github.com/Azure/go-amqp"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/app"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// hubFlags say which Event Hubs namespace a verb talks to: Azure's by a
// connection string or a name, otherwise the lazuli that runs here.
type hubFlags struct {
	connection string
	namespace  string
}

func (f *hubFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.connection, "connection-string", "", "connection string of another namespace")
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "Azure namespace (NAME or NAME.servicebus.windows.net), signed in with DefaultAzureCredential")
	cmd.MarkFlagsMutuallyExclusive("connection-string", "namespace")
}

// closeTimeout bounds the good-bye to a service.
const closeTimeout = 5 * time.Second

// producer opens a client that sends to the hub.
func (f *hubFlags) producer(s *session, hub string) (*azeventhubs.ProducerClient, error) {
	opts := &azeventhubs.ProducerClientOptions{ApplicationID: "lazuli", RetryOptions: hubRetries()}
	if f.namespace != "" {
		cred, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, err
		}
		return azeventhubs.NewProducerClient(namespaceHost(f.namespace), hub, cred, opts)
	}
	connection, err := f.connectionString(s)
	if err != nil {
		return nil, err
	}
	return azeventhubs.NewProducerClientFromConnectionString(connection, entity(connection, hub), opts)
}

// consumer opens a client that reads from the hub.
func (f *hubFlags) consumer(s *session, hub, group string) (*azeventhubs.ConsumerClient, error) {
	opts := &azeventhubs.ConsumerClientOptions{ApplicationID: "lazuli", RetryOptions: hubRetries()}
	if f.namespace != "" {
		cred, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, err
		}
		return azeventhubs.NewConsumerClient(namespaceHost(f.namespace), hub, group, cred, opts)
	}
	connection, err := f.connectionString(s)
	if err != nil {
		return nil, err
	}
	return azeventhubs.NewConsumerClientFromConnectionString(connection, entity(connection, hub), group, opts)
}

// hubRetries gives up within seconds: a person waits.
func hubRetries() azeventhubs.RetryOptions {
	return azeventhubs.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second}
}

func namespaceHost(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".servicebus.windows.net"
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

func (f *hubFlags) connectionString(s *session) (string, error) {
	if f.connection != "" {
		return f.connection, nil
	}
	c, err := s.connections()
	return c.EventHubs, err
}

// connections finds the running instance and what its clients need.
func (s *session) connections() (app.Connection, error) {
	info, err := instance.Find(s.project)
	if err != nil {
		return app.Connection{}, err
	}
	cfg, err := config.Load(info.Dir)
	if err != nil {
		return app.Connection{}, err
	}
	return app.Connections(cfg, info.Addresses), nil
}

// hubError says what to try after a failure on a hub.
func hubError(hub string, err error) error {
	var coded *azeventhubs.Error
	var source *sourceError
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, instance.ErrNone):
		return err
	case errors.As(err, &source):
		return source
	case refusedWith(err, amqp.ErrCondNotFound, 404):
		return fmt.Errorf("there is no hub %s in this namespace; a project declares its hubs under eventHubs.hubs in lazuli.yaml (%w)", hub, err)
	case errors.As(err, &coded) && coded.Code == azeventhubs.ErrorCodeOwnershipLost:
		return fmt.Errorf("hub %s: another reader with a higher owner level took the partition: %w", hub, err)
	case errors.As(err, &coded) && coded.Code == azeventhubs.ErrorCodeUnauthorizedAccess,
		refusedWith(err, amqp.ErrCondUnauthorizedAccess, 401):
		return fmt.Errorf("hub %s: access was refused; check the key and its rights (Send to send, Listen to tail), or the role of your Azure identity: %w", hub, err)
	}
	if address := unreachable(err); address != "" {
		return fmt.Errorf("hub %s: nothing answers at %s; does `lazuli status` say that it runs? (%w)", hub, address, err)
	}
	return fmt.Errorf("hub %s: %w", hub, err)
}

// dialFailure is how net says that no connection came about.
var dialFailure = regexp.MustCompile(`dial tcp ([^ ]+): `)

// unreachable returns the address that err says nobody answers at, or "". The
// SDKs keep only the text of the network's error.
func unreachable(err error) string {
	if m := dialFailure.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// refusedWith reports whether the service refused with an AMQP condition or,
// on its management and token links, with a status. The SDK has no exported
// type for the latter, so that its text decides.
func refusedWith(err error, condition amqp.ErrCond, status int) bool {
	var remote *amqp.Error
	if errors.As(err, &remote) && remote.Condition == condition {
		return true
	}
	return strings.Contains(err.Error(), fmt.Sprintf("status code %d", status))
}
