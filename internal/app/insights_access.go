package app

import (
	"crypto/subtle"

	"github.com/lazuli-dev/lazuli/internal/azure/insights"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Who may send and ask.

// insightsActions are the actions of the rights, as Azure's roles have them.
var insightsActions = map[insights.Right]string{
	insights.Write: "Microsoft.Insights/Telemetry/Write",
	insights.Read:  "Microsoft.Insights/components/query/read",
}

// insightsAudiences are whom tokens are for that send and ask.
var insightsAudiences = []string{
	"https://monitor.azure.com", "https://api.applicationinsights.io", "https://api.loganalytics.io", "https://api.loganalytics.azure.com", "https://management.azure.com",
}

// May implements insights.Access.
func (t *telemetryStores) May(token string, right insights.Right, c *insights.Component) error {
	if token == "" {
		return fault.New(fault.Unauthorized, "", "a token is asked for: local authentication is disabled, or this instance is reached over a network")
	}
	caller, _, err := t.e.Issuer.Verify(token, insightsAudiences)
	if err != nil {
		return err
	}
	return t.e.Who.Check(caller, insightsActions[right], t.scope(c))
}

func (t *telemetryStores) scope(c *insights.Component) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.open[c.AppID]; known != nil && known.id != "" {
		return known.id
	}
	return t.e.Who.Scope(resource.Components, c.Name)
}

// Key implements insights.Access: our commands have it.
func (t *telemetryStores) Key(key string) bool {
	return subtle.ConstantTimeCompare([]byte(key), []byte(t.token)) == 1
}

// Open implements insights.Access: who is on this machine may ask, until the project
// has roles enforced.
func (t *telemetryStores) Open() bool {
	return t.e.Config.OnLoopback() && (t.e.Who == nil || t.e.Who.Mode() != identity.Enforce)
}
