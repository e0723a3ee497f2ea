package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// tiers are the tiers of plans by their sizes.
var tiers = map[string]string{
	"Y1": "Dynamic", "FC1": "FlexConsumption", "EP1": "ElasticPremium", "EP2": "ElasticPremium", "EP3": "ElasticPremium",
	"F1": "Free", "B1": "Basic", "B2": "Basic", "B3": "Basic", "S1": "Standard", "S2": "Standard", "S3": "Standard",
	"P0v3": "PremiumV3", "P1v2": "PremiumV2", "P2v2": "PremiumV2", "P3v2": "PremiumV2", "P1v3": "PremiumV3", "P2v3": "PremiumV3", "P3v3": "PremiumV3",
}

func sizes() (all []string) {
	for size := range tiers {
		all = append(all, size)
	}
	slices.Sort(all)
	return all
}

func (p provider) putPlan(_ context.Context, c *arm.Call) error {
	b := c.Body
	size := b.Text("sku", "name")
	if size == "" {
		size = "Y1"
	}
	tier, known := tiers[size]
	if !known {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The sku '%s' is not one of %s.", size, strings.Join(sizes(), ", "))
	}
	capacity := 1
	if tier == "Dynamic" || tier == "FlexConsumption" {
		capacity = 0
	}
	b.Set(size, "sku", "name")
	b.Default(tier, "sku", "tier")
	b.Default(size, "sku", "size")
	b.Default(strings.TrimRight(size, "0123456789v"), "sku", "family")
	b.Default(capacity, "sku", "capacity")
	return nil
}

func (p provider) getPlan(_ context.Context, c *arm.Call) error {
	b := c.Body
	if !c.Kept() {
		return arm.Fail(http.StatusNotFound, "ResourceNotFound", "There is no plan '%s'.", c.ID.Name())
	}
	tier := b.Text("sku", "tier")
	kind := "functionapp"
	if !strings.EqualFold(tier, "Dynamic") && !strings.EqualFold(tier, "FlexConsumption") {
		kind = "linux"
		if strings.EqualFold(tier, "ElasticPremium") {
			kind = "elastic"
		}
	}
	b.Default(kind, "kind")
	for name, value := range map[string]any{
		"reserved": true, "maximumElasticWorkerCount": 1, "status": "Ready", "numberOfSites": len(p.sitesOn(c, c.ID)), "numberOfWorkers": 0,
		"maximumNumberOfWorkers": 0, "perSiteScaling": false, "elasticScaleEnabled": false, "isSpot": false, "isXenon": false, "hyperV": false,
		"targetWorkerCount": 0, "targetWorkerSizeId": 0, "zoneRedundant": false, "resourceGroup": c.ID.Group(), "subscription": c.ID.Subscription(),
		"geoRegion": b.Text("location"),
	} {
		b.Default(value, "properties", name)
	}
	b.Set(len(p.sitesOn(c, c.ID)), "properties", "numberOfSites")
	return nil
}

// sitesOn are the sites on a plan.
func (p provider) sitesOn(c *arm.Call, plan arm.ID) (names []string) {
	all, err := c.Manager.All(resource.Sites)
	if err != nil {
		return nil
	}
	for _, s := range all {
		if strings.EqualFold(s.Body.Text("properties", "serverFarmId"), plan.String()) {
			names = append(names, s.ID.Name())
		}
	}
	return names
}

func (p provider) deletePlan(_ context.Context, c *arm.Call) error {
	if names := p.sitesOn(c, c.ID); len(names) > 0 {
		return arm.Fail(http.StatusConflict, "Conflict", "Server farm '%s' cannot be deleted because it has web app(s) %s assigned to it.", c.ID.Name(), strings.Join(names, ", "))
	}
	return nil
}

// planOf is the plan that a site's body names. One that names none gets the plan of
// Consumption that Azure makes then.
func (p provider) planOf(c *arm.Call) (arm.ID, arm.Body, error) {
	text := c.Body.Text("properties", "serverFarmId")
	if text == "" {
		location := strings.ReplaceAll(c.Body.Text("location"), " ", "")
		id := c.ID.Root()
		id.Types, id.Names = []string{"serverfarms"}, []string{location + "LinuxDynamicPlan"}
		body, found := c.Manager.Body(id)
		if !found {
			body = arm.Body{"location": location, "kind": "functionapp", "sku": map[string]any{"name": "Y1", "tier": "Dynamic", "size": "Y1", "family": "Y", "capacity": 0}}
			if err := c.Manager.Save(id, body); err != nil {
				return id, nil, err
			}
		}
		c.Body.Set(id.String(), "properties", "serverFarmId")
		return id, body, nil
	}
	id, err := arm.ParseID(text)
	if err != nil {
		return id, nil, err
	}
	body, found := c.Manager.Body(id)
	if !found || !strings.EqualFold(id.Type(), plans) {
		return id, nil, arm.Fail(http.StatusNotFound, "NotFound", "Cannot find serverFarm with name %s.", id.Name())
	}
	return id, body, nil
}
