package eventhubs

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

func itoa(n int) string { return strconv.Itoa(n) }

// rules are the authorization rules of a namespace, or of its hubs: shared access
// policies, whose keys the catalogue keeps.
func (p provider) rules(name string) arm.Type {
	return arm.Type{
		Name: name, Put: p.putRule, Get: p.getRule, List: p.listRules, Plain: true,
		Delete: func(_ context.Context, c *arm.Call) error {
			return p.change(c.ID, func(n *wire.NamespaceProperties) error { return n.Revoke(c.ID.Name(), hubOf(c.ID)) })
		},
		Actions: map[string]arm.Action{"listKeys": p.listKeys, "regenerateKeys": p.regenerateKeys},
	}
}

// hubOf is the hub that a rule is good for, or "".
func hubOf(id arm.ID) string {
	if len(id.Types) > 2 {
		return id.Names[1]
	}
	return ""
}

func (p provider) putRule(_ context.Context, c *arm.Call) error {
	rights := c.Body.Texts("properties", "rights")
	if len(rights) == 0 {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The property 'properties.rights' is missing: Listen, Send, Manage.")
	}
	if _, err := wire.ParseRights(rights); err != nil {
		return fault.Wrap(fault.Invalid, "properties.rights", err, "they are of Listen, Send and Manage, and Manage needs the others")
	}
	return p.change(c.ID, func(n *wire.NamespaceProperties) error {
		n.Grant(c.ID.Name(), hubOf(c.ID), rights, "", "")
		return nil
	})
}

func (p provider) getRule(_ context.Context, c *arm.Call) error {
	x, err := p.rule(c.ID)
	if err != nil {
		return err
	}
	c.Body.Set(x.Rights, "properties", "rights")
	return nil
}

func (p provider) rule(id arm.ID) (wire.Policy, error) {
	_, n, err := p.namespace(id)
	if err != nil {
		return wire.Policy{}, err
	}
	i := slices.IndexFunc(n.Policies, func(x wire.Policy) bool {
		return strings.EqualFold(x.Name, id.Name()) && strings.EqualFold(x.Hub, hubOf(id))
	})
	if i < 0 {
		return wire.Policy{}, fault.New(fault.NotFound, "authorization rule "+id.Name(), "there is none")
	}
	return n.Policies[i], nil
}

func (p provider) listRules(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	_, n, err := p.namespace(c.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range n.Policies {
		if strings.EqualFold(x.Hub, hubOf(c.ID)) {
			all = append(all, c.ID.Called(x.Name))
		}
	}
	return all, nil
}

func (p provider) listKeys(_ context.Context, c *arm.Call) (arm.Answer, error) {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	x, err := p.rule(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	text := func(key string) string {
		s := "Endpoint=sb://" + p.Accounts.Host(account) + "/;SharedAccessKeyName=" + x.Name + ";SharedAccessKey=" + key
		if x.Hub != "" {
			s += ";EntityPath=" + x.Hub
		}
		return s
	}
	return arm.Answer{Body: map[string]any{
		"keyName": x.Name, "primaryKey": x.Primary, "secondaryKey": x.Secondary,
		"primaryConnectionString": text(x.Primary), "secondaryConnectionString": text(x.Secondary),
	}}, nil
}

func (p provider) regenerateKeys(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	kind, key := c.Body.Text("keyType"), c.Body.Text("key")
	if kind != "PrimaryKey" && kind != "SecondaryKey" {
		return arm.Answer{}, arm.Fail(http.StatusBadRequest, "BadRequest", "The keyType '%s' is not one of PrimaryKey, SecondaryKey.", kind)
	}
	x, err := p.rule(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	err = p.change(c.ID, func(n *wire.NamespaceProperties) error {
		if key == "" {
			return n.Regenerate(x.Name, x.Hub, kind == "SecondaryKey")
		}
		if kind == "PrimaryKey" {
			n.Grant(x.Name, x.Hub, x.Rights, key, x.Secondary)
		} else {
			n.Grant(x.Name, x.Hub, x.Rights, x.Primary, key)
		}
		return nil
	})
	if err != nil {
		return arm.Answer{}, err
	}
	return p.listKeys(ctx, c)
}
