package eventhubs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
)

// putNetwork says from where the namespace is reached.
func (p provider) putNetwork(_ context.Context, c *arm.Call) error {
	b := c.Body
	n := arm.Network{Public: b.Text("properties", "publicNetworkAccess"), Default: b.Text("properties", "defaultAction")}
	for _, r := range b.Objects("properties", "ipRules") {
		n.IPs = append(n.IPs, r.Text("ipMask"))
	}
	for _, r := range b.Objects("properties", "virtualNetworkRules") {
		n.Subnets = append(n.Subnets, r.Text("subnet", "id"))
	}
	rules, err := n.Rules(c.Manager)
	if err != nil {
		return err
	}
	return p.change(c.ID, func(x *wire.NamespaceProperties) error {
		if n.Public == "" {
			rules.Private = x.Network.Private
		}
		x.Network = rules
		return nil
	})
}

// getNetwork adds what every set of rules has.
func (p provider) getNetwork(_ context.Context, c *arm.Call) error {
	_, n, err := p.namespace(c.ID)
	if err != nil {
		return err
	}
	public, standard := "Enabled", n.Network.Default
	if n.Network.Private {
		public = "Disabled"
	}
	if standard == "" {
		standard = "Allow"
		if len(n.Network.Rules) > 0 {
			standard = "Deny"
		}
	}
	b := c.Body
	b.Set(public, "properties", "publicNetworkAccess")
	b.Set(standard, "properties", "defaultAction")
	b.Default(false, "properties", "trustedServiceAccessEnabled")
	if !c.Kept() {
		var rules []any
		for _, r := range n.Network.Rules {
			for _, from := range r.From {
				rules = append(rules, map[string]any{"ipMask": from.String(), "action": r.Action})
			}
		}
		b.Set(rules, "properties", "ipRules")
	}
	b.Default([]any{}, "properties", "ipRules")
	b.Default([]any{}, "properties", "virtualNetworkRules")
	return nil
}
