package eventhubs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

func read(kind string, more ...amqp.Entry) amqp.Map {
	return append(amqp.Map{{Key: "operation", Value: "READ"}, {Key: "type", Value: kind}}, more...)
}

func named(name string) amqp.Entry { return amqp.Entry{Key: "name", Value: name} }

// The AMQP types are part of the contract: cmp.Diff compares them.
func TestHubPropertiesAreTyped(t *testing.T) {
	w := newWorld(t, nil)
	m := w.newRPC(w.root(), "$management", "r")
	reply := m.call("1", read(typeHub, named("HUB")), nil)
	if code, text, condition := status(t, reply); code != 200 || text != "OK" || condition != nil {
		t.Fatalf("%d %s %v", code, text, condition)
	}
	got := reply.Value.(amqp.Map)
	created, _ := got.Get("created_at")
	if !isRecent(created) {
		t.Errorf("created_at %v", created)
	}
	want := amqp.Map{
		{Key: "name", Value: "hub"},
		{Key: "type", Value: typeHub},
		{Key: "created_at", Value: created},
		{Key: "partition_count", Value: int32(4)},
		{Key: "partition_ids", Value: amqp.Array{"0", "1", "2", "3"}},
		{Key: "georeplication_factor", Value: int32(1)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestPartitionPropertiesAreTyped(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	m := w.newRPC(s, "$management", "r")
	partition := func(id amqp.Value) amqp.Map {
		t.Helper()
		reply := m.call("1", read(typePartition, named("hub"), amqp.Entry{Key: "partition", Value: id}), nil)
		if code, text, _ := status(t, reply); code != 200 {
			t.Fatalf("%d %s", code, text)
		}
		return reply.Value.(amqp.Map)
	}
	empty := amqp.Map{
		{Key: "name", Value: "hub"},
		{Key: "type", Value: typePartition},
		{Key: "partition", Value: "2"},
		{Key: "begin_sequence_number", Value: int64(0)},
		{Key: "last_enqueued_sequence_number", Value: int64(-1)},
		{Key: "last_enqueued_offset", Value: "-1"},
		{Key: "last_enqueued_time_utc", Value: time.Time{}},
		{Key: "is_partition_empty", Value: true},
	}
	if diff := cmp.Diff(empty, partition("2")); diff != "" {
		t.Errorf("empty partition (-want +got):\n%s", diff)
	}
	if err := w.sendRaw(s, "hub/Partitions/2", amqp.BatchFormat, batchOf("", event("a"), event("b"))); err != nil {
		t.Fatal(err)
	}
	got := partition(int32(2)) // generic clients send a number
	if n, _ := got.Get("last_enqueued_sequence_number"); n != int64(1) {
		t.Errorf("last sequence number %v (%T)", n, n)
	}
	if at, _ := got.Get("last_enqueued_time_utc"); !isRecent(at) {
		t.Errorf("last time %v", at)
	}
	if e, _ := got.Get("is_partition_empty"); e != false {
		t.Errorf("is_partition_empty %v", e)
	}
}

func TestManagementRefusals(t *testing.T) {
	w := newWorld(t, nil)
	m := w.newRPC(w.root(), "$management", "r")
	for name, c := range map[string]struct {
		props     amqp.Map
		code      int32
		condition amqp.Symbol
	}{
		"operation":       {amqp.Map{{Key: "operation", Value: "WRITE"}}, 400, condArgumentError},
		"type":            {read("com.microsoft:queue", named("hub")), 400, condArgumentError},
		"no name":         {read(typeHub), 400, condArgumentError},
		"unknown hub":     {read(typeHub, named("nowhere")), 404, amqp.ErrNotFound},
		"no partition":    {read(typePartition, named("hub")), 400, condArgumentError},
		"odd partition":   {read(typePartition, named("hub"), amqp.Entry{Key: "partition", Value: true}), 400, condArgumentError},
		"unknown":         {read(typePartition, named("hub"), amqp.Entry{Key: "partition", Value: "4"}), 400, condArgumentOutOfRange},
		"forged security": {read(typeHub, named("hub"), amqp.Entry{Key: "security_token", Value: NewSASToken("sb://h/hub", "root", "x", time.Now().Add(time.Hour))}), 401, amqp.ErrUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			if code, text, condition := status(t, m.call("1", c.props, nil)); code != c.code || condition != c.condition {
				t.Errorf("%d %v: %s", code, condition, text)
			}
		})
	}
}

// Java and .NET put no token on $cbs before they ask: each request is judged by
// its own token, even on a connection that may read.
func TestManagementByTheRequestsToken(t *testing.T) {
	w := newWorld(t, nil)
	token := func(key, resource string) amqp.Entry {
		return amqp.Entry{Key: "security_token", Value: NewSASToken(resource, "RootManageSharedAccessKey", key, time.Now().Add(time.Hour))}
	}
	for name, user := range map[string][2]string{"fresh connection": {}, "with claims": {"RootManageSharedAccessKey", "SAS_KEY_VALUE"}} {
		m := w.newRPC(w.begin(w.dial(user[0], user[1])), "$management", "r")
		for _, c := range []struct {
			name  string
			token amqp.Entry
			code  int32
		}{
			{"hub", token("SAS_KEY_VALUE", "sb://localhost/hub"), 200},
			{"hub", token("wrong", "sb://localhost/hub"), 401},
			{"hub", token("SAS_KEY_VALUE", "sb://localhost/other"), 401},
			{"nowhere", token("SAS_KEY_VALUE", "sb://localhost/"), 404},
			{"nowhere", token("wrong", "sb://localhost/"), 401}, // nor is it said what exists
		} {
			reply := m.call("1", read(typeHub, named(c.name), c.token), nil)
			if code, text, _ := status(t, reply); code != c.code {
				t.Errorf("%s, hub %s: %d %s, want %d", name, c.name, code, text, c.code)
			}
		}
	}
}

// The hub may also stand in the link's address, and any claim on it suffices.
func TestManagementByAddressAndClaim(t *testing.T) {
	w := newWorld(t, nil)
	for rule, key := range map[string]string{"listener": "listen-key", "talker": "send-key"} {
		m := w.newRPC(w.begin(w.dial(rule, key)), "hub/$management", "r")
		if code, text, _ := status(t, m.call("1", read(typeHub), nil)); code != 200 {
			t.Errorf("%s: %d %s", rule, code, text)
		}
	}
	s := w.begin(w.dial("", ""))
	audience := "amqps://localhost/hub/$management" // Go asks for no more than this
	if code, text, _ := w.newRPC(s, "$cbs", "c").putToken(sasType, audience, emulatorToken(audience, time.Hour)); code != 202 {
		t.Fatalf("%d %s", code, text)
	}
	m := w.newRPC(s, "$management", "r")
	if code, text, _ := status(t, m.call("1", read(typeHub, named("hub")), nil)); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	if code, text, _ := status(t, m.call("1", read(typeHub, named("other")), nil)); code != 401 {
		t.Errorf("another hub: %d %s", code, text)
	}
}
