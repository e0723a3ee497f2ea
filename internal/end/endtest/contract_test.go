package endtest

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// TestMemoryKeepsTheContracts holds the memory services to what they stand for.
func TestMemoryKeepsTheContracts(t *testing.T) {
	Hubs(t, func(t *testing.T) HubService {
		m := New(2)
		return HubService{
			Service: m.Hubs(), Conn: Connection(t, settings.EventHubs, "Endpoint=sb://localhost"),
			Send: func(_ *testing.T, partition int, bodies ...string) { m.Send("contract", partition, bodies...) },
			Grow: func(*testing.T) { m.Grow("contract", 3) },
		}
	})
	Containers(t, func(t *testing.T) ContainerService {
		return ContainerService{New(1).Containers(), Connection(t, settings.CosmosDB, "AccountEndpoint=https://localhost:8081/")}
	})
	State(t, func(t *testing.T) state.Blobs { return New(1).Blobs() })
}
