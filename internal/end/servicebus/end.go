// Package servicebus is where functions meet Service Bus: a trigger over a queue or a
// subscription, with sessions or without, and an output, both by the official client.
// There is no Service Bus in this process: a namespace that cannot be reached is waited
// for, and an emulator's connection string is refused by name.
package servicebus

import (
	"context"
	"net"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// End is where functions meet Service Bus.
type End struct {
	// Credential is how the identity of a connection signs in. Required where a
	// connection has no connection string.
	Credential func(settings.Connection) (azcore.TokenCredential, error)
	// Dial opens connections to a namespace; nil: over TLS, as the official client
	// does.
	Dial func(ctx context.Context, host string) (net.Conn, error)
}

// Trigger is the row of serviceBusTrigger.
func (e End) Trigger() trigger.Kind {
	return trigger.Kind{
		Type: "serviceBusTrigger", Title: "Service Bus",
		NoLetters: "Service Bus sets aside by itself what failed too often, in a dead-letter queue of its own",
		Check: func(c *hostjson.Config) error {
			_, err := ReadConfig(c)
			return err
		},
		New: func(s trigger.Setup) (trigger.Trigger, error) { return NewTrigger(e, s) },
	}
}

// Output is the row of the serviceBus output binding.
func (e End) Output() output.Kind {
	opened := &output.Opened[sinkKey, *sink]{}
	return output.Kind{Type: "serviceBus", New: func(s output.Setup) (output.Output, error) { return newOutput(e, s, opened) }}
}

// connectionOf is the connection of a binding, which leads to a namespace elsewhere.
func connectionOf(set *settings.Settings, name string) (settings.Connection, error) {
	c, err := set.Connection(settings.ServiceBus, name)
	if err != nil {
		return c, err
	}
	if c.Emulator || c.Host() == "localhost" || net.ParseIP(c.Host()).IsLoopback() {
		return c, fault.New(fault.Invalid, c.Named(), "it points at this machine, and there is no Service Bus here yet; name a namespace on Azure")
	}
	if c.Host() == "" {
		return c, fault.New(fault.Invalid, c.Named(), "it names no namespace of Service Bus")
	}
	return c, nil
}

// open is a client of a namespace. It opens no connection before it is used.
func (e End) open(c settings.Connection) (*azservicebus.Client, error) {
	options := &azservicebus.ClientOptions{ApplicationID: "lazuli"}
	if e.Dial != nil {
		options.NewWebSocketConn = func(ctx context.Context, _ azservicebus.NewWebSocketConnArgs) (net.Conn, error) {
			return e.Dial(ctx, c.Host())
		}
	}
	if !c.UsesIdentity() {
		client, err := azservicebus.NewClientFromConnectionString(c.String, options)
		if err != nil {
			return nil, fault.New(fault.Invalid, c.Named(), "it is no connection string of Service Bus: it needs Endpoint, SharedAccessKeyName and SharedAccessKey")
		}
		return client, nil
	}
	credential, err := e.Credential(c)
	if err != nil {
		return nil, err
	}
	return azservicebus.NewClient(c.Host(), credential, options)
}
