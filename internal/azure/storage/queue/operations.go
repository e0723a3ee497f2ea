package queue

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// pathKind is what a path is about.
type pathKind uint8

const (
	onService  pathKind = iota // /
	onQueue                    // /Q
	onMessages                 // /Q/messages
	onMessage                  // /Q/messages/ID
)

// operation is one row of the table of what is served.
type operation struct {
	storage.Operation
	methods string // separated by spaces
	on      pathKind
	comp    string // of the query
	peek    bool   // peekonly=true
	run     func(*exchange) error
}

const (
	serviceDo = "Microsoft.Storage/storageAccounts/queueServices/"
	queueDo   = serviceDo + "queues/"
	messageDo = queueDo + "messages/"
)

// need is what an operation asks of who calls it.
type need = storage.Operation

// operations is everything that this package serves ("Queue Storage REST API"; actions:
// "Authorize access to queues using Microsoft Entra ID"; permissions: "Create an
// account SAS", "Create a service SAS"). Stored access policies are for the keys and
// the roles alone: no SAS has a letter for them.
var operations = []operation{
	{
		need{Name: "message.get", Level: storage.ObjectLevel, Permission: "p", Writes: true, Actions: []string{messageDo + "process/action", messageDo + "delete and " + messageDo + "read"}},
		"GET", onMessages, "", false, (*exchange).getMessages,
	},
	{
		need{Name: "message.put", Level: storage.ObjectLevel, Permission: "a", Writes: true, Actions: []string{messageDo + "add/action", messageDo + "write"}},
		"POST", onMessages, "", false, (*exchange).putMessage,
	},
	{
		need{Name: "message.delete", Level: storage.ObjectLevel, Permission: "p", Writes: true, Actions: []string{messageDo + "process/action", messageDo + "delete"}},
		"DELETE", onMessage, "", false, (*exchange).deleteMessage,
	},
	{
		need{Name: "message.update", Level: storage.ObjectLevel, Permission: "u", Writes: true, Actions: []string{messageDo + "write"}},
		"PUT", onMessage, "", false, (*exchange).updateMessage,
	},
	{
		need{Name: "message.peek", Level: storage.ObjectLevel, Permission: "r", Actions: []string{messageDo + "read"}},
		"GET", onMessages, "", true, (*exchange).peekMessages,
	},
	{
		need{Name: "message.clear", Level: storage.ObjectLevel, Permission: "p", AccountPermission: "d", Writes: true, Actions: []string{messageDo + "delete"}},
		"DELETE", onMessages, "", false, (*exchange).clearMessages,
	},

	{
		need{Name: "queue.create", Level: storage.ContainerLevel, Permission: "cw", AccountOnly: true, Writes: true, Actions: []string{queueDo + "write"}},
		"PUT", onQueue, "", false, (*exchange).createQueue,
	},
	{
		need{Name: "queue.delete", Level: storage.ContainerLevel, Permission: "d", AccountOnly: true, Writes: true, Actions: []string{queueDo + "delete"}},
		"DELETE", onQueue, "", false, (*exchange).deleteQueue,
	},
	{
		need{Name: "queue.metadata", Level: storage.ContainerLevel, Permission: "r", Actions: []string{queueDo + "read"}},
		"GET HEAD", onQueue, "metadata", false, (*exchange).getMetadata,
	},
	{
		need{Name: "queue.setMetadata", Level: storage.ContainerLevel, Permission: "w", AccountOnly: true, Writes: true, Actions: []string{queueDo + "write"}},
		"PUT", onQueue, "metadata", false, (*exchange).setMetadata,
	},
	{
		need{Name: "queue.acl", Level: storage.ContainerLevel, Actions: []string{queueDo + "getAcl/action"}},
		"GET HEAD", onQueue, "acl", false, (*exchange).getACL,
	},
	{
		need{Name: "queue.setACL", Level: storage.ContainerLevel, Writes: true, Actions: []string{queueDo + "setAcl/action"}},
		"PUT", onQueue, "acl", false, (*exchange).setACL,
	},

	{
		need{Name: "service.list", Level: storage.ServiceLevel, Permission: "l", AccountOnly: true, Actions: []string{queueDo + "read"}},
		"GET", onService, "list", false, (*exchange).listQueues,
	},
	{
		need{Name: "service.properties", Level: storage.ServiceLevel, Permission: "r", AccountOnly: true, Actions: []string{serviceDo + "read"}},
		"GET", onService, "properties", false, (*exchange).getProperties,
	},
	{
		need{Name: "service.setProperties", Level: storage.ServiceLevel, Permission: "w", AccountOnly: true, Writes: true, Actions: []string{serviceDo + "write"}},
		"PUT", onService, "properties", false, (*exchange).setProperties,
	},
	{
		need{Name: "service.stats", Level: storage.ServiceLevel, Permission: "r", AccountOnly: true, Actions: []string{serviceDo + "read"}},
		"GET", onService, "stats", false, (*exchange).getStats,
	},
	{
		need{Name: "service.delegationKey", Level: storage.ServiceLevel, AccountOnly: true, Actions: []string{serviceDo + "generateUserDelegationKey/action"}},
		"POST", onService, "userdelegationkey", false, (*exchange).getDelegationKey,
	},
}

// readPath says what the path is about.
func (x *exchange) readPath() error {
	name, rest, err := x.r.Names()
	if err != nil {
		return err
	}
	collection, id, _ := strings.Cut(rest, "/")
	switch x.name = name; {
	case name == "" && rest == "":
		x.kind = onService
	case name == "" || collection != "" && collection != "messages" || strings.Contains(id, "/"):
		return storage.Fail("InvalidUri")
	case collection == "":
		x.kind = onQueue
	case id == "":
		x.kind = onMessages
	default:
		x.kind, x.message = onMessage, id
	}
	return nil
}

// find returns the operation of the request: unknown parameters are told from verbs
// that a path does not have.
func (x *exchange) find() (*operation, error) {
	q := x.r.Query
	comp, peek := q.Get("comp"), strings.EqualFold(q.Get("peekonly"), "true")
	if said := q.Get("peekonly"); said != "" && !peek && !strings.EqualFold(said, "false") {
		return nil, storage.InvalidQuery("peekonly", said, "It is true or false.") // a get would hide what was to be looked at
	}
	restype := ""
	if x.kind == onService && comp != "list" {
		restype = "service"
	}
	if got := q.Get("restype"); got != restype {
		return nil, storage.InvalidQuery("restype", got, "")
	}
	known := false
	for i := range operations {
		op := &operations[i]
		if op.on != x.kind || op.comp != comp {
			continue
		}
		known = true
		for method := range strings.SplitSeq(op.methods, " ") {
			if method == x.r.Method() && (op.peek == peek || method != http.MethodGet || x.kind != onMessages) {
				return op, nil
			}
		}
	}
	if !known {
		return nil, storage.InvalidQuery("comp", comp, "")
	}
	return nil, storage.Fail("UnsupportedHttpVerb")
}

// The lengths of a queue's name.
const (
	minName = 3
	maxName = 63
)

// checkName refuses what cannot be the name of a queue: lower-case letters, digits and
// single hyphens between them.
func checkName(name string) error {
	if len(name) < minName || len(name) > maxName {
		return storage.Fail("OutOfRangeInput").With("Reason", "The name of a queue has 3 to 63 characters.")
	}
	for i := range len(name) {
		c := name[i]
		hyphen := c == '-' && i > 0 && i < len(name)-1 && name[i-1] != '-'
		if !hyphen && !('a' <= c && c <= 'z') && !('0' <= c && c <= '9') {
			return storage.Fail("InvalidResourceName").With("Reason", "The name of a queue has lower-case letters, digits, and single hyphens between them.")
		}
	}
	return nil
}
