package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// hubKeys are the Event Hubs namespace, asked by the official client.
func hubKeys() map[string]keyCase {
	rule := "eventHubs: {hubs: {a: {}, b: {}}, rules: [{name: mine, key: own, rights: [%s], hub: %s}]}"
	mayAB := func(r *rig) string {
		return r.produce(r.connection("mine", "own"), "a") + ", " + r.produce(r.connection("mine", "own"), "b")
	}
	return map[string]keyCase{
		"eventHubs.amqpPort": {yaml: "eventHubs: {amqpPort: PORT, hubs: {a: {}}}", want: "sent", probe: func(r *rig) string {
			return r.produce(connectionTo(fmt.Sprint("localhost:", r.port), config.EmulatorSASKeyName, config.EmulatorSASKey), "a")
		}},
		"eventHubs.amqpsPort": {yaml: "eventHubs: {amqpsPort: PORT, hubs: {a: {}}}", want: "AMQP over TLS", probe: func(r *rig) string {
			return r.greet(fmt.Sprint("127.0.0.1:", r.port))
		}},
		"eventHubs.autoCreate": {yaml: "eventHubs: {autoCreate: true}", want: "sent", probe: func(r *rig) string {
			return r.produce(r.manager(), "made")
		}},
		"eventHubs.rules.*.name": {yaml: fmt.Sprintf(rule, "Send", "a"), want: "sent, unauthorized", probe: mayAB},
		"eventHubs.rules.*.key":  {yaml: fmt.Sprintf(rule, "Send", "a"), want: "sent, unauthorized", probe: mayAB},
		"eventHubs.rules.*.hub":  {yaml: fmt.Sprintf(rule, "Send", "a"), want: "sent, unauthorized", probe: mayAB},
		"eventHubs.rules.*.secondaryKey": {
			yaml: "eventHubs: {hubs: {a: {}}, rules: [{name: mine, key: own, secondaryKey: second, rights: [Send]}]}", want: "sent",
			probe: func(r *rig) string { return r.produce(r.connection("mine", "second"), "a") },
		},
		"eventHubs.disableLocalAuth": {
			yaml: "eventHubs: {disableLocalAuth: true, hubs: {a: {}}, rules: [{name: mine, key: own, rights: [Send]}]}", want: "unauthorized",
			probe: func(r *rig) string { return r.produce(r.connection("mine", "own"), "a") },
		},
		"eventHubs.rules.*.rights": {yaml: fmt.Sprintf(rule, "Listen", "''"), want: "unauthorized, unauthorized", probe: mayAB},
		"eventHubs.tailMiB": {yaml: "eventHubs: {tailMiB: 1, hubs: {readings: {partitions: 1}}}", want: "read from the disk", probe: func(r *rig) string {
			r.sendLarge()
			mark := r.calls.mark()
			if fault := r.portal("GET", "/api/hubs/"+r.namespace()+"/readings/partitions/0/events/0", "", nil); fault != "" {
				return fault
			}
			if r.calls.count(mark, "hubs", vfs.OpReadAt) == 0 {
				return "read from memory"
			}
			return "read from the disk"
		}},
		"eventHubs.hubs.*.partitions": {yaml: "eventHubs: {hubs: {readings: {partitions: 3}}}", want: "[0 1 2]", probe: func(r *rig) string {
			p, err := azeventhubs.NewProducerClientFromConnectionString(r.manager(), "readings", r.producerOptions())
			if err != nil {
				return err.Error()
			}
			defer p.Close(context.Background())
			props, err := p.GetEventHubProperties(r.t.Context(), nil)
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(props.PartitionIDs)
		}},
		"eventHubs.hubs.*.retention": {
			yaml: "eventHubs: {hubs: {readings: {partitions: 1, retention: 1ms}}}", want: "gone",
			probe: func(r *rig) string { r.send("readings", "old", "new"); return r.firstEvent("old") },
		},
		"eventHubs.hubs.*.retentionMiB": {
			yaml: "eventHubs: {hubs: {readings: {partitions: 1, retentionMiB: 1}}}", want: "gone",
			probe: func(r *rig) string { r.send("readings", "old"); r.sendLarge(); return r.firstEvent("old") },
		},
		"eventHubs.hubs.*.consumerGroups": {
			yaml: "eventHubs: {hubs: {readings: {partitions: 1, consumerGroups: [dashboard]}}}", want: "x",
			probe: func(r *rig) string { r.send("readings", "x"); return r.consume("readings", "dashboard") },
		},
	}
}

var noRetries = azeventhubs.RetryOptions{MaxRetries: -1}

func connectionTo(address, rule, key string) string {
	return fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s;UseDevelopmentEmulator=true", address, rule, key)
}

func (r *rig) connection(rule, key string) string {
	if r.in != "" {
		return fmt.Sprintf("Endpoint=sb://%s.servicebus.windows.net/;SharedAccessKeyName=%s;SharedAccessKey=%s", r.in, rule, key)
	}
	return connectionTo(r.info.Addresses[instance.AMQP], rule, key)
}

func (r *rig) manager() string {
	a, _ := r.info.Account(instance.Namespaces, r.namespace())
	return r.connection(a.Rule, a.Key)
}

// namespace is the name in the portal's addresses.
func (r *rig) namespace() string {
	if r.in == keyNamespace {
		return r.in
	}
	return resource.Default
}

// producerOptions lead to the namespace by its own name, wherever it leads outside.
func (r *rig) producerOptions() *azeventhubs.ProducerClientOptions {
	endpoint, trust := r.byName()
	return &azeventhubs.ProducerClientOptions{RetryOptions: noRetries, CustomEndpoint: endpoint, TLSConfig: trust}
}

func (r *rig) byName() (endpoint string, trust *tls.Config) {
	if r.in == "" {
		return "", nil
	}
	trust = r.tls()
	trust.ServerName = r.in + ".servicebus.windows.net"
	return r.info.Addresses[instance.AMQPS], trust
}

// produce sends an event and says what became of it.
func (r *rig) produce(connection, hub string) string {
	return sendOne(azeventhubs.NewProducerClientFromConnectionString(connection, hub, r.producerOptions()))
}

func sendOne(p *azeventhubs.ProducerClient, err error) string {
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyWait)
	defer cancel()
	defer p.Close(ctx)
	batch, err := p.NewEventDataBatch(ctx, nil)
	if err == nil {
		err = batch.AddEventData(&azeventhubs.EventData{Body: []byte("x")}, nil)
	}
	if err == nil {
		err = p.SendEventDataBatch(ctx, batch, nil)
	}
	return outcome(err, "sent")
}

func outcome(err error, good string) string {
	switch {
	case err == nil:
		return good
	case strings.Contains(err.Error(), "unauthorized"):
		return "unauthorized"
	}
	return err.Error()
}

// consume reads the first event as a consumer group.
func (r *rig) consume(hub, group string) string {
	endpoint, trust := r.byName()
	c, err := azeventhubs.NewConsumerClientFromConnectionString(r.manager(), hub, group,
		&azeventhubs.ConsumerClientOptions{RetryOptions: noRetries, CustomEndpoint: endpoint, TLSConfig: trust})
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.patience)
	defer cancel()
	defer c.Close(context.Background())
	earliest := true
	pc, err := c.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: azeventhubs.StartPosition{Earliest: &earliest}})
	if err != nil {
		return err.Error()
	}
	defer pc.Close(context.Background())
	events, err := pc.ReceiveEvents(ctx, 1, nil)
	if err != nil {
		return err.Error()
	}
	return string(events[0].Body)
}

// greet says what answers to AMQP over TLS.
func (r *rig) greet(address string) string {
	conn, err := (&tls.Dialer{Config: r.tls()}).DialContext(r.t.Context(), "tcp", address)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("AMQP\x03\x01\x00\x00")); err != nil {
		return err.Error()
	}
	answer := make([]byte, 4)
	if _, err := conn.Read(answer); err != nil {
		return err.Error()
	}
	return string(answer) + " over TLS"
}

// sendLarge sends 4 MiB.
func (r *rig) sendLarge() {
	for range 8 {
		r.send("readings", strings.Repeat("x", 512<<10))
	}
}

// firstEvent says whether the first event is still there, after retention.
func (r *rig) firstEvent(body string) string {
	return r.until(func() string {
		r.app.storage.broker.Retain() // it comes once a minute
		if all := r.events("readings"); len(all) > 0 && all[0].Body == body {
			return "kept"
		}
		return "gone"
	}, func(s string) bool { return s == "gone" })
}
