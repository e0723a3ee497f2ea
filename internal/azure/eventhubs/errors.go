package eventhubs

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Error conditions that are the service's own rather than the protocol's.
const (
	condArgumentError      amqp.Symbol = "com.microsoft:argument-error"
	condArgumentOutOfRange amqp.Symbol = "com.microsoft:argument-out-of-range"
	condAuthFailed         amqp.Symbol = "com.microsoft:auth-failed"
	condEntityExists       amqp.Symbol = "com.microsoft:entity-already-exists"
	condServerBusy         amqp.Symbol = "com.microsoft:server-busy"
)

// refusal is an error as clients see it: the condition and text of a detach or
// a rejected delivery, and the status of a reply from $cbs or $management.
type refusal struct {
	status    int32
	condition amqp.Symbol
	text      string
	cause     error // what the text leaves out, for the log; or nil
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %s", r.condition, r.text) }

// wire returns the refusal as the protocol's error type.
func (r *refusal) wire() *amqp.Error {
	return &amqp.Error{Condition: r.condition, Description: r.text}
}

func refuse(status int32, condition amqp.Symbol, format string, args ...any) *refusal {
	return &refusal{status: status, condition: condition, text: fmt.Sprintf(format, args...)}
}

// shapes is the one table from kinds to what clients see. Which condition a
// kind gets decides what the client does next: server-busy is retried on the
// same link, internal-error makes it reconnect, the others are final.
var shapes = [...]struct {
	status    int32
	condition amqp.Symbol
}{
	fault.Internal:           {500, amqp.ErrInternal},
	fault.NotFound:           {404, amqp.ErrNotFound},
	fault.Conflict:           {409, condEntityExists},
	fault.PreconditionFailed: {412, amqp.ErrPreconditionFailed},
	fault.TooLarge:           {413, amqp.ErrMessageSizeExceeded},
	fault.Throttled:          {503, condServerBusy},
	fault.Invalid:            {400, condArgumentError},
	fault.Unauthorized:       {401, amqp.ErrUnauthorized},
	fault.Forbidden:          {403, amqp.ErrUnauthorized},
	fault.Gone:               {410, amqp.ErrResourceDeleted},
	fault.Unavailable:        {503, condServerBusy},
}

// refusalOf shapes any error for the wire.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	var wire *amqp.Error
	if errors.As(err, &wire) {
		return refuse(500, wire.Condition, "%s", wire.Description)
	}
	var beyond *broker.BeyondEnd
	if errors.As(err, &beyond) {
		return errBeyondEnd(beyond)
	}
	shape := shapes[fault.KindOf(err)]
	text, cause := wireText(err)
	r = refuse(shape.status, shape.condition, "%s", text)
	r.cause = cause
	return r
}

// wireText is what a client may read of an error. When the fault lies with this
// machine, the causes below the engine stay here, because they name paths; cause
// is then the whole error, for the log. The system's word for what failed ("no
// space left on device") goes out.
func wireText(err error) (text string, cause error) {
	var f *fault.Error
	switch {
	case !errors.As(err, &f):
		return "The service failed; its log says why.", err
	case f.Resource == "" && f.Err == nil:
		return f.Msg, nil // the texts of this package are complete sentences
	case f.Err == nil || f.Kind != fault.Internal && f.Kind != fault.Unavailable:
		return err.Error(), nil
	}
	text = (&fault.Error{Kind: f.Kind, Resource: f.Resource, Msg: f.Msg}).Error()
	var system syscall.Errno
	if errors.As(f.Err, &system) {
		text += ": " + system.Error()
	}
	return text, err
}

// The texts below are looked at by clients or by their tests; reference: the
// SDKs' error handling and the service's documented messages.

// errMissingClaim refuses a link whose claims do not suffice. Clients look for
// "'Send' claim(s) are required". why, if it is not "", is a sentence that says
// what the claims lack.
func errMissingClaim(right Rights, resource, why string) *refusal {
	if why != "" {
		why = " " + strings.TrimRight(why, ".") + "."
	}
	return refuse(401, amqp.ErrUnauthorized,
		"Unauthorized access. '%s' claim(s) are required to perform this operation. Resource: '%s'.%s %s", right, resource, why, tracked())
}

// errLocalAuthDisabled refuses every key of a namespace that takes bearer tokens
// only (azure-sdk-for-js 32923 has the words).
func errLocalAuthDisabled() *refusal {
	return refuse(401, amqp.ErrUnauthorized,
		"LocalAuthDisabled: Authorization failed because SAS authentication has been disabled for the namespace. %s", tracked())
}

// tracked ends the texts that the service's gateway writes about access: by the
// id its support finds a request.
func tracked() string {
	return "TrackingId:" + uuid.New() + "_G0, SystemTracker:NoSystemTracker, Timestamp:" + time.Now().UTC().Format("2006-01-02T15:04:05")
}

// errNoEntity says that a hub does not exist. Clients tell a missing entity by
// the words "The messaging entity … could not be found".
func errNoEntity(resource string) *refusal {
	return refuse(404, amqp.ErrNotFound, "The messaging entity '%s' could not be found.", resource)
}

// errNoNamespace says that the host of an address is nobody's.
func errNoNamespace(host string, why error) *refusal {
	r := errNoEntity("sb://" + clip(host) + "/")
	r.text += " " + why.Error()
	return r
}

// errNoGroup says that the hub lacks the consumer group.
func errNoGroup(namespace, hub, group string) *refusal {
	return errNoEntity(fmt.Sprintf("%s:eventhub:%s~%d|%s", clip(namespace), clip(hub), len(hub), clip(group)))
}

// errBeyondEnd refuses a start position that the partition has not reached. The
// words are the service's; people search for them (azure-sdk-for-java 10215,
// azure-sdk-for-net 28244, azure-event-hubs-spark 315).
func errBeyondEnd(e *broker.BeyondEnd) *refusal {
	return refuse(400, condArgumentError, "The supplied %[1]s '%[2]d' is invalid. The last %[1]s in the system is '%[3]d'", e.What, e.Asked, e.Last)
}

func errPartitionRange(id string) *refusal {
	return refuse(400, condArgumentOutOfRange,
		"The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and the partition count minus one. Partition: '%s'.", clip(id))
}

// errOversize rejects one delivery; the link stays.
func errOversize(deliveryID uint32, size, limit uint64) *refusal {
	return refuse(413, amqp.ErrMessageSizeExceeded,
		"The received message (delivery-id:%d, size:%d bytes) exceeds the limit (%d bytes) currently allowed on the link.",
		deliveryID, size, limit)
}

// errExpired ends a link whose token ran out and was not renewed.
func errExpired(at string) *refusal {
	return refuse(401, amqp.ErrUnauthorized, "ExpiredToken: The token is expired. Expiration time: %s.", at)
}
