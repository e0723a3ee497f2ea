package hubs

import (
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// metrics are a namespace's numbers as Azure Monitor names them: messages and bytes in,
// messages out, by consumer group.
func (p *page) metrics(emit func(portal.Metric)) {
	for _, account := range p.Namespaces() {
		p.Counts.Hubs(account.ID, func(hub string, h *telemetry.Hub) {
			labels := []string{"namespace", account.Name, "eventhub", hub}
			emit(portal.Metric{Name: "lazuli_eventhubs_incoming_messages_total", Help: "Events that went into a hub.", Labels: labels, Value: float64(h.Events.Load())})
			emit(portal.Metric{Name: "lazuli_eventhubs_incoming_bytes_total", Help: "Bytes of events that went into a hub.", Labels: labels, Value: float64(h.Bytes.Load())})
			emit(portal.Metric{Name: "lazuli_eventhubs_refused_messages_total", Help: "Events that a hub did not take.", Labels: labels, Value: float64(h.Refused.Load())})
			p.Counts.Readers(account.ID, hub, func(group string, r *telemetry.Reader) {
				emit(portal.Metric{
					Name: "lazuli_eventhubs_outgoing_messages_total", Help: "Events that the readers of a consumer group were given.",
					Labels: []string{"namespace", account.Name, "eventhub", hub, "consumer_group", group}, Value: float64(r.Events.Load()),
				})
			})
		})
	}
	emit(portal.Metric{Name: "lazuli_eventhubs_active_connections", Help: "AMQP connections that are open.", Value: float64(p.Counts.Connections.Load())})
}
