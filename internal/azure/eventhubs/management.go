package eventhubs

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The two entity types a client can READ.
const (
	typeHub       = "com.microsoft:eventhub"
	typePartition = "com.microsoft:partition"
)

// manage answers a request to $management: the properties of a hub or of one
// partition. A valid security_token in the request suffices, or any claim on the
// hub. The AMQP type of every field matters: the Go client refuses lists
// for arrays, and other widths for georeplication_factor.
func (c *conn) manage(ctx context.Context, req request) reply {
	body, err := c.read(ctx, req)
	if err != nil {
		return reply{err: c.refusal(err)}
	}
	return reply{status: 200, text: "OK", body: body}
}

func (c *conn) read(ctx context.Context, req request) (amqp.Map, error) {
	if op := req.property("operation"); !strings.EqualFold(op, "READ") {
		return nil, fault.New(fault.Invalid, "", "The operation '%s' is not supported by $management; use READ.", clip(op))
	}
	name := req.property("name")
	if name == "" {
		name = req.node.Hub
	}
	if name == "" || len(name) > maxHubName {
		return nil, fault.New(fault.Invalid, "", "The property 'name' must hold the event hub's name.")
	}
	if err := c.mayRead(ctx, req, name); err != nil {
		c.event(AuthFailed{Namespace: c.svc.account(), Remote: c.remote, Resource: name + "/$management", Reason: refusalOf(err).text})
		return nil, err
	}
	hub, err := c.svc.hub(name, c.uri(name))
	if err == nil && hub == nil {
		hub, err = c.svc.makeHub(name, "")
	}
	if err != nil {
		return nil, err
	}
	switch kind := req.property("type"); kind {
	case typeHub:
		return hubProperties(hub), nil
	case typePartition:
		return c.partitionProperties(hub, req)
	default:
		return nil, fault.New(fault.Invalid, "", "The type '%s' is not one of %s, %s.", clip(kind), typeHub, typePartition)
	}
}

// toRead are the rights of which either suffices to read properties.
const toRead = Listen | Send

// mayRead judges a request as the service does: by the token it brings, and by
// the connection's claims only when it brings none. Java and .NET put no token on
// $cbs before they ask, and a connection of theirs may never do anything else.
func (c *conn) mayRead(ctx context.Context, req request, hub string) error {
	path := strings.ToLower(hub) + "/$management"
	if token := req.property("security_token"); token != "" {
		g, err := c.svc.verifyToken(ctx, "", token, c.uri(path))
		if err != nil {
			return err
		}
		c.home.proven.Store(true)
		brought := claims{grants: map[string]grant{g.scope: g}}
		return c.denied(brought.check(path, toRead, time.Now()), Listen, hub+"/$management")
	}
	return c.denied(c.claims.check(path, toRead, time.Now()), Listen, hub+"/$management")
}

func hubProperties(h *broker.Hub) amqp.Map {
	ids := make(amqp.Array, h.PartitionCount())
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	return amqp.Map{
		{Key: "name", Value: h.Name()},
		{Key: "type", Value: typeHub},
		{Key: "created_at", Value: h.CreatedAt()},
		{Key: "partition_count", Value: int32(len(ids))},
		{Key: "partition_ids", Value: ids},
		{Key: "georeplication_factor", Value: int32(1)},
	}
}

func (c *conn) partitionProperties(h *broker.Hub, req request) (amqp.Map, error) {
	id, err := partitionOf(req.msg)
	if err != nil {
		return nil, err
	}
	n, err := parsePartitionID(id, h.PartitionCount())
	if err != nil {
		return nil, err
	}
	p, err := h.Partition(n)
	if err != nil {
		return nil, err
	}
	info := p.Info()
	return amqp.Map{
		{Key: "name", Value: h.Name()},
		{Key: "type", Value: typePartition},
		{Key: "partition", Value: id},
		{Key: "begin_sequence_number", Value: info.BeginSequence},
		{Key: "last_enqueued_sequence_number", Value: info.LastSequence},
		{Key: "last_enqueued_offset", Value: info.LastOffset},
		{Key: "last_enqueued_time_utc", Value: info.LastEnqueued.UTC()},
		{Key: "is_partition_empty", Value: info.Empty},
	}, nil
}

// partitionOf returns the property "partition", which is a string in every
// SDK; generic clients also send a number.
func partitionOf(m *amqp.Message) (string, error) {
	v, ok := m.ApplicationProperties.Get("partition")
	if !ok {
		return "", fault.New(fault.Invalid, "", "The property 'partition' is missing.")
	}
	if n, ok := amqp.AsInt(v); ok {
		return strconv.FormatInt(n, 10), nil
	}
	s, ok := v.(string)
	if !ok {
		return "", fault.New(fault.Invalid, "", "The property 'partition' must be a string.")
	}
	return s, nil
}
