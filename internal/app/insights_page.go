package app

import (
	"path/filepath"

	"github.com/lazuli-dev/lazuli/internal/page/insights"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// insightsPages is telemetry as the portal shows it.
func insightsPages(t *telemetryStores) []portal.Page {
	past := items.OpenHistory(filepath.Join(t.e.Config.DataDir(), portalFolder, "kusto.ndjson"), t.log)
	return insights.Pages(insights.Config{Components: t.shown, Past: kustoPast{past}})
}

// shown are all components, opened if they are not yet: those of the project file first.
func (t *telemetryStores) shown() ([]insights.Component, error) {
	b, err := t.look()
	if err != nil {
		return nil, err
	}
	all := make([]insights.Component, 0, len(b.facts))
	for n := range b.facts {
		c, err := t.opened(&b.facts[n])
		if err != nil {
			return nil, err
		}
		all = append(all, insights.Component{Name: c.Name, AppID: c.AppID, Tables: c.Tables, Live: c.Live})
	}
	return all, nil
}
