// Package eventhubs is Microsoft.EventHub in Resource Manager: namespaces, hubs,
// consumer groups, authorization rules, and from where a namespace is reached. The
// hubs are the broker's: one that is made takes events at once, and one that a client
// or lazuli.yaml made is shown as well.
//
// Left out, and refused by name: clusters, Capture, compaction, keys of one's own,
// schema groups, geo-replication and disaster recovery.
package eventhubs

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config configures New.
type Config struct {
	Accounts arm.Accounts
	Broker   *broker.Broker
	People   arm.People
}

type provider struct{ Config }

// rulesType ends the types of authorization rules.
const rulesType = "/authorizationRules"

// New is the provider.
func New(c Config) arm.Provider {
	p := provider{c}
	return arm.Provider{
		Types: []arm.Type{
			{
				Name: resource.Namespaces, Tracked: true, Long: true, Named: namespaceName,
				Refuse: []arm.Refusal{
					{Path: "properties.encryption", Why: "data is not encrypted with keys of one's own here"},
					{Path: "properties.clusterArmId", Why: "there are no dedicated clusters here"},
					{Path: "properties.geoDataReplication", Why: "there is one region here"},
					{Path: "properties.alternateName", Why: "there is no disaster recovery here"},
				},
				Put: p.putNamespace, Get: p.getNamespace, Delete: p.deleteNamespace,
				List: func(_ context.Context, c *arm.Call) ([]arm.ID, error) {
					return p.Accounts.List(c, resource.Namespaces), nil
				},
			},
			p.rules(resource.Namespaces + rulesType),
			{
				Name: resource.Namespaces + "/networkRuleSets", Always: []string{"default"},
				Put: p.putNetwork, Get: p.getNetwork,
			},
			{
				Name: resource.Hubs, Named: hubName,
				Refuse: []arm.Refusal{
					{Path: "properties.captureDescription.enabled", Unless: []any{false}, Why: "there is no Capture here"},
					{Path: "properties.retentionDescription.cleanupPolicy", Unless: []any{"Delete"}, Why: "hubs are not compacted here"},
					{Path: "properties.status", Unless: []any{"Active"}, Why: "hubs cannot be disabled here"},
				},
				Put: p.putHub, Get: p.getHub, List: p.listHubs, Delete: p.deleteHub,
			},
			{Name: resource.ConsumerGroups, Put: p.putGroup, Get: p.getGroup, List: p.listGroups, Delete: p.deleteGroup},
			p.rules(resource.Hubs + rulesType),
		},
		Routes: []arm.Route{{
			Method: http.MethodPost, Path: "Microsoft.EventHub/checkNameAvailability", Do: p.Accounts.Free(resource.Namespaces, "namespace"),
		}},
	}
}

var (
	namespaceNames = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{4,48}[a-zA-Z0-9]$`)
	hubNames       = regexp.MustCompile(`^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,254}[a-zA-Z0-9])?$`)
)

func namespaceName(name string) error {
	if namespaceNames.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "BadRequest", "The specified namespace name '%s' is invalid: it has 6 to 50 letters, digits and hyphens, begins with a letter and does not end with a hyphen.", name)
}

func hubName(name string) error {
	if hubNames.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "BadRequest", "The specified event hub name '%s' is invalid: it has 1 to 256 letters, digits, periods, hyphens and underscores, and begins and ends with a letter or digit.", name)
}

// putNamespace makes a namespace, with the rule that opens all of it.
func (p provider) putNamespace(_ context.Context, c *arm.Call) error {
	b := c.Body
	sku := b.Text("sku", "name")
	if sku == "" {
		sku = "Standard"
	}
	if !slices.Contains([]string{"Basic", "Standard", "Premium"}, sku) {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The sku '%s' is not one of Basic, Standard, Premium.", sku)
	}
	b.Set(sku, "sku", "name")
	b.Default(sku, "sku", "tier")
	b.Default(1, "sku", "capacity")
	account, err := p.Accounts.Declare(c.ID, resource.Namespaces, "NamespaceAlreadyExists", func(old json.RawMessage) (json.RawMessage, error) {
		n, err := wire.ReadNamespace(old)
		if err != nil {
			return nil, err
		}
		if len(n.Policies) == 0 {
			n.Grant(rootRule, "", []string{"Listen", "Manage", "Send"}, "", "")
		}
		n.DisableLocalAuth = b.Bool("properties", "disableLocalAuth")
		if b.Has("properties", "publicNetworkAccess") {
			n.Network.Private = b.Text("properties", "publicNetworkAccess") == "Disabled"
		}
		return n.JSON(), nil
	})
	if err != nil {
		return err
	}
	if _, err := arm.Assign(c, p.People, identity.Resource, resource.Namespaces+"/"+account.Name); err != nil {
		return err
	}
	c.Keep(arm.Now, "properties", "createdAt")
	b.Set(arm.Now(), "properties", "updatedAt")
	return nil
}

// rootRule opens all of a namespace, and is there from its beginning.
const rootRule = "RootManageSharedAccessKey"

// getNamespace adds what every namespace has.
func (p provider) getNamespace(_ context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	n, err := wire.ReadNamespace(p.Accounts.Exists.Properties(account))
	if err != nil {
		return err
	}
	b := c.Body
	b.Default("Standard", "sku", "name")
	b.Default(b.Text("sku", "name"), "sku", "tier")
	b.Default(1, "sku", "capacity")
	public := "Enabled"
	if n.Network.Private {
		public = "Disabled"
	}
	b.Set(public, "properties", "publicNetworkAccess")
	b.Set(n.DisableLocalAuth, "properties", "disableLocalAuth")
	b.Default("1.2", "properties", "minimumTlsVersion")
	b.Default(false, "properties", "isAutoInflateEnabled")
	b.Default(0, "properties", "maximumThroughputUnits")
	b.Default(false, "properties", "zoneRedundant")
	b.Set(b.Text("sku", "name") != "Basic", "properties", "kafkaEnabled")
	b.Set("https://"+p.Accounts.Host(account)+":443/", "properties", "serviceBusEndpoint")
	b.Set(c.Manager.Subscription()+":"+strings.ToLower(account.Name), "properties", "metricId")
	b.Set("Active", "properties", "status")
	b.Default("2026-01-01T00:00:00Z", "properties", "createdAt")
	b.Default("2026-01-01T00:00:00Z", "properties", "updatedAt")
	return nil
}

func (p provider) deleteNamespace(ctx context.Context, c *arm.Call) error {
	if err := p.People.Forget(identity.Resource, resource.Namespaces+"/"+c.ID.Name()); err != nil {
		return err
	}
	return p.Accounts.Remove(ctx, c.ID)
}

// change changes what the catalogue keeps of the namespace that an id is in.
func (p provider) change(id arm.ID, change func(*wire.NamespaceProperties) error) error {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return err
	}
	return p.Accounts.Exists.UpdateAccount(account, func(old json.RawMessage) (json.RawMessage, error) {
		n, err := wire.ReadNamespace(old)
		if err == nil {
			err = change(&n)
		}
		return n.JSON(), err
	})
}

// namespace is what the catalogue keeps of the namespace that an id is in.
func (p provider) namespace(id arm.ID) (resource.Account, wire.NamespaceProperties, error) {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return account, wire.NamespaceProperties{}, err
	}
	n, err := wire.ReadNamespace(p.Accounts.Exists.Properties(account))
	return account, n, err
}

// hub is the hub that an id is, or is in.
func (p provider) hub(id arm.ID) (resource.Account, *broker.Hub, error) {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return account, nil, err
	}
	h, err := p.Broker.Namespace(account.ID).Hub(id.Names[1])
	return account, h, err
}

// The limits of a hub, as Azure has them.
const (
	defaultPartitions = 4
	maxPartitions     = 1024
	hoursOfDay        = 24
	maxDays           = 90
)

// putHub makes a hub.
func (p provider) putHub(ctx context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	props := wire.DefaultHub()
	if n, ok := c.Body.Int("properties", "partitionCount"); ok {
		if n < 1 || n > maxPartitions {
			return arm.Fail(http.StatusBadRequest, "BadRequest", "The value '%d' of 'PartitionCount' is out of range: 1 to %d.", n, maxPartitions)
		}
		props.Partitions = int(n)
	} else if _, h, err := p.hub(c.ID); err == nil {
		props.Partitions = h.PartitionCount()
	}
	if props.Retention, err = retention(c.Body); err != nil {
		return err
	}
	id := resource.ID{Account: account, Type: resource.Hubs, Name: c.ID.Names[1]}
	if err := p.Accounts.Exists.Ensure(ctx, id, props.JSON()); err != nil {
		return err
	}
	b := c.Body
	hours := int64(props.Retention / time.Hour)
	b.Set(max(1, hours/hoursOfDay), "properties", "messageRetentionInDays")
	b.Set("Delete", "properties", "retentionDescription", "cleanupPolicy")
	b.Set(hours, "properties", "retentionDescription", "retentionTimeInHours")
	b.Set(arm.Now(), "properties", "updatedAt")
	return nil
}

// retention is for how long a hub keeps events: in hours, or else in days.
func retention(b arm.Body) (time.Duration, error) {
	hours, given := b.Int("properties", "retentionDescription", "retentionTimeInHours")
	if !given {
		days, said := b.Int("properties", "messageRetentionInDays")
		if !said {
			days = 1
		}
		hours = days * hoursOfDay
	}
	if hours < 1 || hours > maxDays*hoursOfDay {
		return 0, arm.Fail(http.StatusBadRequest, "BadRequest", "The retention of %d hours is out of range: 1 hour to %d days.", hours, maxDays)
	}
	return time.Duration(hours) * time.Hour, nil
}

func (p provider) getHub(_ context.Context, c *arm.Call) error {
	_, h, err := p.hub(c.ID)
	if err != nil {
		return err
	}
	b := c.Body
	ids := make([]string, h.PartitionCount())
	for n := range ids {
		ids[n] = itoa(n)
	}
	b.Set(len(ids), "properties", "partitionCount")
	b.Set(ids, "properties", "partitionIds")
	b.Set("Active", "properties", "status")
	hours := int64(h.Retention() / time.Hour)
	if hours < 1 {
		hours = maxDays * hoursOfDay // it is kept for ever, which has no word
	}
	b.Set(max(1, hours/hoursOfDay), "properties", "messageRetentionInDays")
	b.Set("Delete", "properties", "retentionDescription", "cleanupPolicy")
	b.Set(hours, "properties", "retentionDescription", "retentionTimeInHours")
	b.Set(h.CreatedAt().UTC().Format(time.RFC3339Nano), "properties", "createdAt")
	b.Default(h.CreatedAt().UTC().Format(time.RFC3339Nano), "properties", "updatedAt")
	return nil
}

func (p provider) listHubs(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return nil, err
	}
	for _, h := range p.Broker.Namespace(account.ID).Hubs() {
		all = append(all, c.ID.Called(h.Name()))
	}
	return all, nil
}

// deleteHub deletes a hub, and the rules that are good for it alone.
func (p provider) deleteHub(ctx context.Context, c *arm.Call) error {
	account, h, err := p.hub(c.ID)
	if err != nil {
		return err
	}
	name := h.Name()
	if err := p.Accounts.Exists.Remove(ctx, resource.ID{Account: account, Type: resource.Hubs, Name: name}); err != nil {
		return err
	}
	return p.change(c.ID, func(n *wire.NamespaceProperties) error {
		n.Policies = slices.DeleteFunc(n.Policies, func(x wire.Policy) bool { return strings.EqualFold(x.Hub, name) })
		return nil
	})
}

// groupID is a consumer group for the catalogue.
func groupID(a resource.Account, id arm.ID) resource.ID {
	return resource.ID{Account: a, Type: resource.ConsumerGroups, Name: id.Names[1] + "/" + id.Names[2]}
}

func (p provider) putGroup(ctx context.Context, c *arm.Call) error {
	account, _, err := p.hub(c.ID)
	if err != nil {
		return err
	}
	if err := p.Accounts.Exists.Ensure(ctx, groupID(account, c.ID), json.RawMessage("{}")); err != nil {
		return err
	}
	c.Keep(arm.Now, "properties", "createdAt")
	c.Body.Set(arm.Now(), "properties", "updatedAt")
	return nil
}

func (p provider) getGroup(_ context.Context, c *arm.Call) error {
	_, h, err := p.hub(c.ID)
	if err != nil {
		return err
	}
	if !h.HasGroup(c.ID.Names[2]) {
		return fault.New(fault.NotFound, "consumer group "+c.ID.Names[2], "there is none")
	}
	c.Body.Default(map[string]any{}, "properties")
	return nil
}

func (p provider) listGroups(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	_, h, err := p.hub(c.ID)
	if err != nil {
		return nil, err
	}
	for _, name := range h.ConsumerGroups() {
		all = append(all, c.ID.Called(name))
	}
	return all, nil
}

func (p provider) deleteGroup(ctx context.Context, c *arm.Call) error {
	account, h, err := p.hub(c.ID)
	if err != nil {
		return err
	}
	if !h.HasGroup(c.ID.Names[2]) {
		return fault.New(fault.NotFound, "consumer group "+c.ID.Names[2], "there is none")
	}
	if c.ID.Names[2] == broker.DefaultGroup {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The default consumer group '%s' cannot be deleted.", broker.DefaultGroup)
	}
	return p.Accounts.Exists.Remove(ctx, groupID(account, c.ID))
}
