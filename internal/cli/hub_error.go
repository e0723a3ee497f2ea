package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	amqp "github.com/Azure/go-amqp"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// hubError says what to try after a failure on a hub.
func hubError(hub string, err error) error {
	var coded *azeventhubs.Error
	var source *sourceError
	var noToken *signInError
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, instance.ErrNone):
		return err
	case errors.As(err, &source):
		return source
	case errors.As(err, &noToken):
		return noToken
	case refusedWith(err, amqp.ErrCondNotFound, 404):
		return fmt.Errorf("there is no hub %s in this namespace; a project declares its hubs under eventHubs.hubs in lazuli.yaml (%w)", hub, plain(err))
	case errors.As(err, &coded) && coded.Code == azeventhubs.ErrorCodeOwnershipLost:
		return fmt.Errorf("hub %s: another reader with a higher owner level took the partition: %w", hub, plain(err))
	case errors.As(err, &coded) && coded.Code == azeventhubs.ErrorCodeUnauthorizedAccess,
		refusedWith(err, amqp.ErrCondUnauthorizedAccess, 401):
		return fmt.Errorf("hub %s: access was refused; check the key and its rights (Send to send, Listen to tail), or that your Azure identity has the role Azure Event Hubs Data Sender or Data Receiver: %w", hub, plain(err))
	case tooManyReaders(err):
		return fmt.Errorf("hub %s: a partition takes five readers in each consumer group; end one, or read with another --consumer-group: %w", hub, plain(err))
	}
	if address := unreachable(err); address != "" {
		return fmt.Errorf("hub %s: nothing answers at %s; does `lazuli status` say that it runs? (%w)", hub, address, err)
	}
	if untrusted(err) {
		return fmt.Errorf("hub %s: %s (%w)", hub, trustHint, err)
	}
	return fmt.Errorf("hub %s: %w", hub, plain(err))
}

// plain is err with what the service said in place of the SDK's dump of it.
func plain(err error) error {
	var remote *amqp.Error
	if !errors.As(err, &remote) || remote.Description == "" {
		return err
	}
	return &plainError{err, fmt.Sprintf("%s (%s)", remote.Description, remote.Condition)}
}

type plainError struct {
	err  error
	text string
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }

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

// tooManyReaders reports whether the service refused a sixth reader.
func tooManyReaders(err error) bool {
	var remote *amqp.Error
	return errors.As(err, &remote) && remote.Condition == amqp.ErrCondResourceLimitExceeded &&
		strings.Contains(remote.Description, "receivers per partition")
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
