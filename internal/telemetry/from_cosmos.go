package telemetry

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
)

// FromCosmos listens to document accounts (cosmos.Config.OnRequest).
func (c *Counts) FromCosmos(e cosmos.RequestDone) {
	c.Requests.Add(1)
	c.Charge.Add(int64(e.Charge * 100))
	if e.Status == http.StatusTooManyRequests || e.Status >= 500 {
		c.Throttled.Add(1)
	}
}
