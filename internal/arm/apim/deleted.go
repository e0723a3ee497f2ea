package apim

import (
	"context"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
)

// A service that was deleted is remembered until it is purged or made again, as on
// Azure: clients look there before they make one, and purge after they deleted one.
// Nothing is left of what was in it.

// deletedPath is where one that was deleted is found: by location and name.
const deletedPath = "Microsoft.ApiManagement/locations/{}/deletedServices/{}"

const deletedType = "Microsoft.ApiManagement/locations/deletedServices"

// deletedID is the id under which the service of a call is remembered.
func (p provider) deletedID(c *arm.Call) arm.ID {
	place := strings.ToLower(strings.ReplaceAll(c.Body.Text("location"), " ", ""))
	return arm.ID{
		Scope: "/subscriptions/" + c.Manager.Subscription(), Provider: "Microsoft.ApiManagement",
		Types: []string{"locations", "deletedServices"}, Names: []string{place, c.ID.Name()},
	}
}

// remember keeps that a service was there.
func (p provider) remember(c *arm.Call) error {
	if c.Body.Text("location") == "" {
		return nil // it was of lazuli.yaml
	}
	was := arm.Body{"sku": c.Body.Get("sku"), "location": c.Body.Text("location")}
	for _, name := range []string{"publisherName", "publisherEmail"} {
		was.Set(c.Body.Text("properties", name), "properties", name)
	}
	was.Set(c.ID.String(), "properties", "serviceId")
	was.Set(arm.Now(), "properties", "deletionDate")
	return c.Manager.Save(p.deletedID(c), was)
}

// restore is asked for by a body that says so. There are only the names of who
// publishes to bring back; clients put the rest again.
func (p provider) restore(c *arm.Call) error {
	asked := c.Body.Bool("properties", "restore")
	c.Body.Remove("properties", "restore")
	if !asked {
		return nil
	}
	was, found := c.Manager.Body(p.deletedID(c))
	if !found {
		return arm.Fail(http.StatusNotFound, "ServiceNotFound", "No deleted service '%s' is remembered in the location '%s'.", c.ID.Name(), c.Body.Text("location"))
	}
	for _, name := range []string{"publisherName", "publisherEmail"} {
		if c.Body.Text("properties", name) == "" {
			c.Body.Set(was.Text("properties", name), "properties", name)
		}
	}
	return nil
}

func shownDeleted(id arm.ID, was arm.Body) arm.Body {
	return arm.Body{
		"id": id.String(), "name": id.Name(), "type": "Microsoft.ApiManagement/deletedservices", "location": was.Text("location"),
		"properties": was.Get("properties"),
	}
}

func (p provider) getDeleted(_ context.Context, c *arm.Call) (arm.Answer, error) {
	was, found := c.Manager.Body(c.ID)
	if !found {
		return arm.Answer{}, arm.Fail(http.StatusNotFound, "ResourceNotFound", "No deleted service '%s' is remembered in the location '%s'.", c.ID.Name(), c.ID.Names[0])
	}
	return arm.Answer{Body: shownDeleted(c.ID, was)}, nil
}

func (p provider) listDeleted(_ context.Context, c *arm.Call) (arm.Answer, error) {
	all, err := c.Manager.All(deletedType)
	shown := []any{}
	for _, r := range all {
		shown = append(shown, shownDeleted(r.ID, r.Body))
	}
	return arm.Answer{Body: map[string]any{"value": shown}}, err
}

func (p provider) purge(_ context.Context, c *arm.Call) (arm.Answer, error) {
	return arm.Answer{Status: http.StatusNoContent}, c.Manager.Drop(c.ID)
}
