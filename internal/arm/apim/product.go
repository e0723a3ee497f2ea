package apim

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// products are bundles of APIs, what is in them, and the keys that open them.
func (p provider) products() []arm.Type {
	product := typed(p, resource.Gateways+"/products", definition[gateway.Product]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Product] { return s.Products() },
		read:  readProduct, show: showProduct,
	})
	plain := product.Delete
	product.Delete = func(ctx context.Context, c *arm.Call) error { return p.deleteProduct(ctx, c, plain) }
	link := typed(p, resource.Gateways+"/products/apis", definition[struct{}]{
		table: func(s *gateway.Service, id arm.ID) gateway.Table[struct{}] { return s.ProductAPIs(id.Names[1]) },
		read:  func(*arm.Call, struct{}) (struct{}, error) { return struct{}{}, nil },
		show:  p.showLink,
	})
	link.Seen = http.StatusNoContent
	link.Same = func(id arm.ID) string { name, _ := gateway.SplitRevision(id.Name()); return name }
	subscription := typed(p, resource.Gateways+"/subscriptions", definition[gateway.Subscription]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Subscription] { return s.Subscriptions() },
		read:  readSubscription, show: showSubscription,
	})
	subscription.Secret = []string{"properties.primaryKey", "properties.secondaryKey"}
	subscription.Actions = map[string]arm.Action{
		"listSecrets": p.keys, "regeneratePrimaryKey": p.regenerate(false), "regenerateSecondaryKey": p.regenerate(true),
	}
	return []arm.Type{product, link, subscription}
}

func readProduct(c *arm.Call, _ gateway.Product) (gateway.Product, error) {
	b := c.Body.Object("properties")
	if b.Text("displayName") == "" {
		return gateway.Product{}, invalid("displayName", "The property 'displayName' must not be empty.")
	}
	limit, _ := b.Int("subscriptionsLimit")
	state := b.Text("state")
	switch state {
	case "", "published", "notPublished":
	default:
		return gateway.Product{}, invalid("state", "The state '%s' is not one of published, notPublished.", state)
	}
	if state == "" {
		state = "notPublished"
	}
	return gateway.Product{
		DisplayName: b.Text("displayName"), Description: b.Text("description"), State: state, Terms: b.Text("terms"),
		SubscriptionRequired: !b.Has("subscriptionRequired") || b.Bool("subscriptionRequired"),
		ApprovalRequired:     b.Bool("approvalRequired"), SubscriptionsLimit: int(limit),
	}, nil
}

func showProduct(c *arm.Call, v gateway.Product) {
	for name, value := range map[string]any{"displayName": v.DisplayName, "state": v.State, "subscriptionRequired": v.SubscriptionRequired} {
		c.Body.Set(value, "properties", name)
	}
	setText(c, "description", v.Description)
	setText(c, "terms", v.Terms)
	if v.SubscriptionRequired {
		c.Body.Set(v.ApprovalRequired, "properties", "approvalRequired")
		c.Body.Default(nil, "properties", "subscriptionsLimit")
		if v.SubscriptionsLimit > 0 {
			c.Body.Set(v.SubscriptionsLimit, "properties", "subscriptionsLimit")
		}
	}
}

// deleteProduct deletes its subscriptions as well where that is asked for.
func (p provider) deleteProduct(ctx context.Context, c *arm.Call, plain func(context.Context, *arm.Call) error) error {
	s, err := p.of(c.ID)
	if err != nil {
		return err
	}
	with := strings.EqualFold(c.Query.Get("deletesubscriptions"), "true")
	for _, x := range s.Subscriptions().List() {
		if !strings.EqualFold(x.Value.Product, c.ID.Name()) {
			continue
		}
		if !with {
			return invalid("productId", "The product has subscriptions, such as %s: delete them first, or name deleteSubscriptions=true.", x.Name)
		}
		if err := s.Subscriptions().Delete(ctx, x.Name); err != nil {
			return refused(err)
		}
		if err := c.Manager.Drop(c.ID.Root().Child("subscriptions", x.Name)); err != nil {
			return err
		}
	}
	return plain(ctx, c)
}

// showLink shows the API that is in a product.
func (p provider) showLink(c *arm.Call, _ struct{}) {
	s, err := p.of(c.ID)
	if err != nil {
		return
	}
	if full, api, err := s.APIs().Find(c.ID.Name()); err == nil {
		of := *c
		of.ID = c.ID.Root().Child("apis", full)
		showAPI(&of, api)
	}
}

// states are those of subscriptions.
var states = []string{"active", "suspended", "cancelled", "expired", "rejected", "submitted"}

func readSubscription(c *arm.Call, old gateway.Subscription) (gateway.Subscription, error) {
	b := c.Body.Object("properties")
	def := old
	def.DisplayName, def.Owner, def.State, def.AllowTracing = b.Text("displayName"), b.Text("ownerId"), b.Text("state"), b.Bool("allowTracing")
	if def.DisplayName == "" {
		return def, invalid("displayName", "The property 'displayName' must not be empty.")
	}
	if def.State == "" {
		def.State = "active"
		if old.State != "" {
			def.State = old.State
		}
	}
	known := false
	for _, state := range states {
		known = known || state == def.State
	}
	if !known {
		return def, invalid("state", "The state '%s' is not one of %s.", def.State, strings.Join(states, ", "))
	}
	if key := b.Text("primaryKey"); key != "" {
		def.PrimaryKey = key
	}
	if key := b.Text("secondaryKey"); key != "" {
		def.SecondaryKey = key
	}
	delete(b, "primaryKey") // the engine has them
	delete(b, "secondaryKey")
	var err error
	def.Product, def.API, err = scopeOf(b.Text("scope"))
	return def, err
}

// scopeOf is what a subscription opens: …/products/NAME, …/apis/NAME, or …/apis for
// all of them.
func scopeOf(text string) (product, api string, err error) {
	steps := strings.Split(strings.Trim(text, "/"), "/")
	if n := len(steps); n >= 1 {
		switch {
		case strings.EqualFold(steps[n-1], "apis"):
			return "", "", nil
		case n >= 2 && strings.EqualFold(steps[n-2], "products"):
			return steps[n-1], "", nil
		case n >= 2 && strings.EqualFold(steps[n-2], "apis"):
			name, _ := gateway.SplitRevision(steps[n-1])
			return "", name, nil
		}
	}
	return "", "", invalid("scope", "The scope '%s' is none: it is the id of a product or of an API, or /apis.", text)
}

func showSubscription(c *arm.Call, v gateway.Subscription) {
	scope := c.ID.Root().String() + "/apis"
	switch {
	case v.API != "":
		scope += "/" + v.API
	case v.Product != "":
		scope = c.ID.Root().Child("products", v.Product).String()
	}
	if !strings.EqualFold(scope, c.Body.Text("properties", "scope")) { // a client compares what it wrote
		if p, a, err := scopeOf(c.Body.Text("properties", "scope")); err != nil || p != v.Product || a != v.API {
			c.Body.Set(scope, "properties", "scope")
		}
	}
	for name, value := range map[string]any{
		"displayName": v.DisplayName, "state": v.State, "allowTracing": v.AllowTracing, "createdDate": v.Created.UTC().Format(time.RFC3339),
	} {
		c.Body.Set(value, "properties", name)
	}
	c.Body.Default(nil, "properties", "ownerId")
}

func (p provider) keys(_ context.Context, c *arm.Call) (arm.Answer, error) {
	s, err := p.of(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	v, err := s.Subscriptions().Get(c.ID.Name())
	return arm.Answer{Body: map[string]any{"primaryKey": v.PrimaryKey, "secondaryKey": v.SecondaryKey}}, err
}

func (p provider) regenerate(secondary bool) arm.Action {
	return func(_ context.Context, c *arm.Call) (arm.Answer, error) {
		s, err := p.of(c.ID)
		if err == nil {
			err = s.RegenerateKey(c.ID.Name(), secondary)
		}
		return arm.Answer{Status: http.StatusNoContent}, err
	}
}

func notThere(c *arm.Call) error { return fault.New(fault.NotFound, c.ID.Name(), "there is none") }
