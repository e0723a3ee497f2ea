package eventhubs

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// NodeKind says which kind of node an address names.
type NodeKind uint8

// The kinds of nodes.
const (
	NodeCBS        NodeKind = iota + 1 // $cbs
	NodeManagement                     // $management or <hub>/$management
	NodeHub                            // <hub>
	NodePartition                      // <hub>/Partitions/<n>
	NodePublisher                      // <hub>/Publishers/<name>
	NodeGroup                          // <hub>/ConsumerGroups/<g>/Partitions/<n>

	nodeKinds // how many there are, and the zero value
)

// need is what attaching a link takes.
type need uint8

const (
	never     need = iota // there is nothing in that direction
	byRequest             // nothing: each request brings its own token, or is judged by the claims
	toSend                // Send on the address
	toListen              // Listen on it
)

// nodes says what each kind of node takes of the client that sends to it, and of
// the one that receives from it.
var nodes = [nodeKinds]struct{ send, receive need }{
	NodeCBS:        {byRequest, byRequest},
	NodeManagement: {byRequest, byRequest},
	NodeHub:        {toSend, never},
	NodePartition:  {toSend, never},
	NodePublisher:  {toSend, never},
	NodeGroup:      {never, toListen},
}

// Address is a parsed link address. Names keep the client's spelling; lookups
// ignore case.
type Address struct {
	Kind      NodeKind
	Hub       string
	Group     string
	Partition string
	Publisher string
}

const (
	maxAddressBytes   = 2048
	maxHubName        = 256 // the service's limit for hub names
	maxGroupName      = 50  // the service's limit for group names over AMQP
	maxPublisherName  = 256
	maxPartitionDigit = 10
)

// ParseAddress parses the target of a send link or the source of a receive
// link. A scheme and host (some clients send whole URIs) and outer slashes
// (.NET sends an absolute path) are dropped, and the fixed words match in any
// case. Errors are fault.Invalid and say which segment is wrong.
func ParseAddress(address string) (Address, error) {
	if len(address) > maxAddressBytes {
		return Address{}, fault.New(fault.Invalid, "", "The link address is longer than %d bytes.", maxAddressBytes)
	}
	path := address
	if _, rest, ok := strings.Cut(path, "://"); ok {
		_, path, _ = strings.Cut(rest, "/")
	}
	path = strings.Trim(path, "/")
	if path == "" {
		return Address{}, fault.New(fault.Invalid, "", "The link address '%s' names no entity.", clip(address))
	}
	seg := strings.Split(path, "/")
	a, ok := fixedNode(seg)
	if !ok {
		a, ok = hubNode(seg)
	}
	if !ok {
		return Address{}, fault.New(fault.Invalid, "", "The link address '%s' is not one of <hub>, <hub>/Partitions/<id>, "+
			"<hub>/Publishers/<name>, <hub>/ConsumerGroups/<group>/Partitions/<id>, $management, $cbs.", clip(address))
	}
	return a, a.checkNames()
}

// fixedNode matches the addresses that begin with a dollar word.
func fixedNode(seg []string) (Address, bool) {
	switch {
	case len(seg) == 1 && strings.EqualFold(seg[0], "$cbs"):
		return Address{Kind: NodeCBS}, true
	case len(seg) == 1 && strings.EqualFold(seg[0], "$management"):
		return Address{Kind: NodeManagement}, true
	}
	return Address{}, false
}

// hubNode matches the addresses that begin with a hub's name.
func hubNode(seg []string) (Address, bool) {
	a := Address{Hub: seg[0]}
	is := func(i int, word string) bool { return strings.EqualFold(seg[i], word) }
	switch {
	case len(seg) == 1:
		a.Kind = NodeHub
	case len(seg) == 2 && is(1, "$management"):
		a.Kind = NodeManagement
	case len(seg) == 3 && is(1, "Partitions"):
		a.Kind, a.Partition = NodePartition, seg[2]
	case len(seg) == 3 && is(1, "Publishers"):
		a.Kind, a.Publisher = NodePublisher, seg[2]
	case len(seg) == 5 && is(1, "ConsumerGroups") && is(3, "Partitions"):
		a.Kind, a.Group, a.Partition = NodeGroup, seg[2], seg[4]
	default:
		return Address{}, false
	}
	return a, true
}

// checkNames refuses empty and over-long names.
func (a Address) checkNames() error {
	for _, n := range []struct {
		what, name string
		max        int
		wanted     bool
	}{
		{"event hub", a.Hub, maxHubName, a.Kind != NodeCBS && a.Kind != NodeManagement},
		{"consumer group", a.Group, maxGroupName, a.Kind == NodeGroup},
		{"publisher", a.Publisher, maxPublisherName, a.Kind == NodePublisher},
		{"partition", a.Partition, maxPartitionDigit, a.Kind == NodePartition || a.Kind == NodeGroup},
	} {
		if n.wanted && n.name == "" {
			return fault.New(fault.Invalid, "", "The link address has an empty %s name.", n.what)
		}
		if len(n.name) > n.max {
			return fault.New(fault.Invalid, "", "The %s name '%s' is longer than %d characters.", n.what, clip(n.name), n.max)
		}
	}
	return nil
}

// path is the resource path that claims are checked against.
func (a Address) path() string { return strings.ToLower(a.String()) }

// String writes the address in the service's own spelling.
func (a Address) String() string {
	switch a.Kind {
	case NodeCBS:
		return "$cbs"
	case NodeManagement:
		if a.Hub == "" {
			return "$management"
		}
		return a.Hub + "/$management"
	case NodePartition:
		return a.Hub + "/Partitions/" + a.Partition
	case NodePublisher:
		return a.Hub + "/Publishers/" + a.Publisher
	case NodeGroup:
		return a.Hub + "/ConsumerGroups/" + a.Group + "/Partitions/" + a.Partition
	}
	return a.Hub
}

// parsePartitionID parses a partition's id: decimal digits without leading
// zeros, below count.
func parsePartitionID(id string, count int) (int, error) {
	n := 0
	for i := range len(id) {
		c := id[i]
		if c < '0' || c > '9' || (i > 0 && n == 0) || n >= count {
			return 0, errPartitionRange(id)
		}
		n = n*10 + int(c-'0')
	}
	if id == "" || n >= count {
		return 0, errPartitionRange(id)
	}
	return n, nil
}
