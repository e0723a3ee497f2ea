package records

import (
	"context"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
)

const (
	workspaceType = "Microsoft.OperationalInsights/workspaces"
	componentType = "Microsoft.Insights/components"
)

// workspaces is Microsoft.OperationalInsights.
func workspaces() arm.Provider {
	return arm.Provider{
		Types: []arm.Type{{
			Name: workspaceType, Tracked: true, Long: true, Secret: []string{"properties.sharedKeys"},
			Put: defaults([]value{
				{"properties.retentionInDays", 30},
				{"properties.sku.name", "PerGB2018"},
				{"properties.features.legacy", 0},
				{"properties.features.searchVersion", 1},
				{"properties.features.enableLogAccessUsingOnlyResourcePermissions", true},
				{"properties.workspaceCapping.dailyQuotaGb", -1},
				{"properties.workspaceCapping.dataIngestionStatus", "RespectQuota"},
				{"properties.publicNetworkAccessForIngestion", "Enabled"},
				{"properties.publicNetworkAccessForQuery", "Enabled"},
			}, unique("properties.customerId"), keys("properties.sharedKeys.primary", "properties.sharedKeys.secondary"), dated("properties.createdDate", "properties.modifiedDate")),
			Actions: map[string]arm.Action{"sharedKeys": sharedKeys, "listKeys": sharedKeys},
		}},
		Routes: []arm.Route{{Method: http.MethodGet, Path: "Microsoft.OperationalInsights/deletedWorkspaces", Do: listed()}},
	}
}

// dated notes when a resource was made, and when it was changed.
func dated(made, changed string) func(*arm.Call) {
	return func(c *arm.Call) {
		c.Keep(arm.Now, strings.Split(made, ".")...)
		c.Body.Set(arm.Now(), strings.Split(changed, ".")...)
	}
}

// sharedKeys are those that agents send with.
func sharedKeys(_ context.Context, c *arm.Call) (arm.Answer, error) {
	b, _ := c.Manager.Body(c.ID) // an action is of a resource that is there
	return arm.Answer{Body: map[string]any{
		"primarySharedKey":   b.Text("properties", "sharedKeys", "primary"),
		"secondarySharedKey": b.Text("properties", "sharedKeys", "secondary"),
	}}, nil
}

// components is Microsoft.Insights/components: where apps send telemetry.
func components() arm.Provider {
	return arm.Provider{Types: []arm.Type{{
		Name: componentType, Tracked: true, Secret: []string{"properties.billing"},
		Put: defaults([]value{
			{"kind", "web"},
			{"properties.Application_Type", "web"},
			{"properties.Flow_Type", "Bluefield"},
			{"properties.Request_Source", "rest"},
			{"properties.RetentionInDays", 90},
			{"properties.IngestionMode", "LogAnalytics"},
			{"properties.publicNetworkAccessForIngestion", "Enabled"},
			{"properties.publicNetworkAccessForQuery", "Enabled"},
		}, unique("properties.AppId", "properties.InstrumentationKey"), dated("properties.CreationDate", "properties.LaModifiedDate"), describe),
		Actions: map[string]arm.Action{"GET currentbillingfeatures": billing, "PUT currentbillingfeatures": setBilling},
	}}}
}

// describe adds what follows from a component's own ids.
func describe(c *arm.Call) {
	b := c.Body
	place := strings.ToLower(strings.ReplaceAll(b.Text("location"), " ", ""))
	b.Set(c.ID.Name(), "properties", "ApplicationId")
	b.Set(c.ID.Name(), "properties", "Name")
	b.Set(c.Manager.Tenant(), "properties", "TenantId")
	b.Set("InstrumentationKey="+b.Text("properties", "InstrumentationKey")+
		";IngestionEndpoint=https://"+place+"-0.in.applicationinsights.azure.com/"+
		";LiveEndpoint=https://"+place+".livediagnostics.monitor.azure.com/"+
		";ApplicationId="+b.Text("properties", "AppId"), "properties", "ConnectionString")
}

// billing is what a component may cost, which has no envelope.
func billing(_ context.Context, c *arm.Call) (arm.Answer, error) {
	b, _ := c.Manager.Body(c.ID)
	if set := b.Object("properties", "billing"); len(set) > 0 {
		return arm.Answer{Body: set}, nil
	}
	return arm.Answer{Body: map[string]any{
		"CurrentBillingFeatures": []any{"Basic"},
		"DataVolumeCap": map[string]any{
			"Cap": 100, "ResetTime": 0, "WarningThreshold": 90,
			"StopSendNotificationWhenHitThreshold": false, "StopSendNotificationWhenHitCap": false, "MaxHistoryCap": 1000,
		},
	}}, nil
}

func setBilling(_ context.Context, c *arm.Call) (arm.Answer, error) {
	kept, _ := c.Manager.Body(c.ID)
	kept.Set(map[string]any(c.Body.Clone()), "properties", "billing")
	if err := c.Manager.Save(c.ID, kept); err != nil {
		return arm.Answer{}, err
	}
	return arm.Answer{Body: c.Body}, nil
}
