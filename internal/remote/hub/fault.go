package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	amqp "github.com/Azure/go-amqp"

	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// place is a hub, for errors.
type place struct {
	service *Service
	conn    settings.Connection
	name    string
}

// conditions are what the service's refusals mean.
var conditions = map[amqp.ErrCond]fault.Kind{
	amqp.ErrCondNotFound:                          fault.NotFound,
	amqp.ErrCondUnauthorizedAccess:                fault.Unauthorized,
	amqp.ErrCondNotAllowed:                        fault.Forbidden,
	amqp.ErrCondMessageSizeExceeded:               fault.TooLarge,
	amqp.ErrCondResourceLimitExceeded:             fault.Throttled,
	"com.microsoft:server-busy":                   fault.Throttled,
	"com.microsoft:entity-disabled":               fault.Forbidden,
	"com.microsoft:argument-out-of-range":         fault.Invalid,
	"com.microsoft:argument-error":                fault.Invalid,
	"com.microsoft:publisher-revoked":             fault.Forbidden,
	"com.microsoft:georeplication:invalid-offset": fault.Invalid,
}

// statuses are what its management and token links answer. The client has no exported
// type for that, so that its text decides.
var statuses = map[string]fault.Kind{
	"status code 404": fault.NotFound, "status code 401": fault.Unauthorized, "status code 403": fault.Forbidden, "status code 429": fault.Throttled,
}

// fault gives an error of the client its kind. When ctx has ended it is that.
func (p place) fault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	resource := fmt.Sprintf("hub %s at %s (setting %s)", p.name, p.service.Host(p.conn), p.conn.Setting)
	var coded *azeventhubs.Error
	if errors.As(err, &coded) && coded.Code == azeventhubs.ErrorCodeOwnershipLost {
		return hub.ErrTaken
	}
	var refused *amqp.Error
	if errors.As(err, &refused) {
		if kind, ok := conditions[refused.Condition]; ok {
			return &fault.Error{Kind: kind, Resource: resource, Msg: refused.Description, Err: hidden{err}}
		}
	}
	for text, kind := range statuses {
		if strings.Contains(err.Error(), text) {
			return fault.Wrap(kind, resource, err, "%s", advice[kind])
		}
	}
	if errors.As(err, &coded) && coded.Code == azeventhubs.ErrorCodeUnauthorizedAccess {
		return fault.Wrap(fault.Unauthorized, resource, err, "%s", advice[fault.Unauthorized])
	}
	hint := ""
	if p.service.Hint != nil {
		hint = p.service.Hint(p.conn.Host())
	}
	return fault.Wrap(fault.Unavailable, resource, err, "it cannot be reached%s", hint)
}

// advice is what to look at when the service answers with a status.
var advice = map[fault.Kind]string{
	fault.NotFound:     "there is no such hub in the namespace",
	fault.Unauthorized: "access was refused; look at the key and its rights (Listen to read, Send to send), or at the roles of the identity (Azure Event Hubs Data Receiver, Data Sender)",
	fault.Forbidden:    "access was refused",
	fault.Throttled:    "the namespace is busy",
}

// hidden is a cause whose text says no more than the message before it.
type hidden struct{ error }

// Unwrap returns the cause.
func (h hidden) Unwrap() error { return h.error }

// Error says that the service has said it.
func (h hidden) Error() string { return "the service has refused it" }
