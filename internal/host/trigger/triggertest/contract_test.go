package triggertest

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// TestMemoryKeepsTheContract holds the memory sources to what they stand for.
func TestMemoryKeepsTheContract(t *testing.T) {
	Contract(t, func(t *testing.T) Service {
		m := New(2)
		s := settings.New(map[string]string{"H": "Endpoint=sb://localhost", "D": "AccountEndpoint=https://localhost:8081/"})
		events, err := s.Connection(settings.EventHubs, "H")
		if err != nil {
			t.Fatal(err)
		}
		documents, err := s.Connection(settings.CosmosDB, "D")
		if err != nil {
			t.Fatal(err)
		}
		return Service{
			Connector: m.Connector(), Metadata: m, Events: events, Documents: documents,
			Send: func(_ *testing.T, partition int, bodies ...string) { m.Send("contract", partition, bodies...) },
		}
	})
}
