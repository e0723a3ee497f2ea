// Package cosmos is Microsoft.DocumentDB in Resource Manager: accounts with their keys,
// databases, containers and throughput, which are the document store's, and the roles
// of the data plane, which are internal/identity's.
//
// Left out, and refused by name: the APIs for MongoDB, Cassandra, Gremlin and Table,
// stored procedures, triggers and functions, analytical storage, keys of one's own,
// and role definitions of one's own.
package cosmos

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config configures New.
type Config struct {
	Accounts arm.Accounts
	Store    *docstore.Store
	Who      *identity.Identity
}

type provider struct{ Config }

// New is the provider.
func New(c Config) arm.Provider {
	p := provider{c}
	return arm.Provider{
		Types: []arm.Type{
			p.account(),
			{
				Name: resource.Databases, Long: true, Plain: true, Put: p.putDatabase, Get: p.getDatabase, List: p.listDatabases,
				Delete: p.deleteDatabase,
			},
			p.throughput(resource.Databases),
			{
				Name: resource.Containers, Long: true, Plain: true, Put: p.putContainer, Get: p.getContainer, List: p.listContainers,
				Delete: p.deleteContainer,
			},
			p.throughput(resource.Containers),
			p.definitions(),
			p.assignments(),
		},
		Routes: []arm.Route{{Method: http.MethodHead, Path: "Microsoft.DocumentDB/databaseAccountNames/{}", Do: p.taken}},
	}
}

func (p provider) taken(_ context.Context, c *arm.Call) (arm.Answer, error) {
	if _, err := p.Accounts.Exists.Account(resource.CosmosAccounts, c.ID.Name()); err != nil {
		return arm.Answer{Status: http.StatusNotFound}, nil
	}
	return arm.Answer{}, nil
}

var accountNames = regexp.MustCompile(`^[a-z0-9][-a-z0-9]{1,48}[a-z0-9]$`)

func accountName(name string) error {
	if accountNames.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "BadRequest", "The account name '%s' is invalid: it has 3 to 50 lower-case letters, digits and hyphens, and begins and ends with a letter or digit.", name)
}

func (p provider) account() arm.Type {
	off := []any{false}
	return arm.Type{
		Name: resource.CosmosAccounts, Tracked: true, Long: true, Named: accountName,
		Put: p.putAccount, Get: p.getAccount,
		List: func(_ context.Context, c *arm.Call) ([]arm.ID, error) {
			return p.Accounts.List(c, resource.CosmosAccounts), nil
		},
		Delete: func(ctx context.Context, c *arm.Call) error {
			if err := p.Who.Forget(identity.Resource, resource.CosmosAccounts+"/"+c.ID.Name()); err != nil {
				return err
			}
			return p.Accounts.Remove(ctx, c.ID)
		},
		Refuse: []arm.Refusal{
			{Path: "kind", Unless: []any{"GlobalDocumentDB"}, Why: "there is the API for NoSQL alone"},
			{Path: "properties.keyVaultKeyUri", Unless: []any{""}, Why: "data is not encrypted with keys of one's own here"},
			{Path: "properties.enableAnalyticalStorage", Unless: off, Why: "there is no analytical store here"},
			{Path: "properties.enableBurstCapacity", Unless: off, Why: "throughput is not limited here"},
			{Path: "properties.enablePartitionMerge", Unless: off, Why: "a container has one physical partition here"},
			{Path: "properties.networkAclBypass", Unless: []any{"None"}, Why: "no service passes the network rules here"},
		},
		Actions: map[string]arm.Action{
			"listKeys": p.listKeys, "readonlykeys": p.readonlyKeys, "GET readonlykeys": p.readonlyKeys,
			"listConnectionStrings": p.connectionStrings, "regenerateKey": p.regenerateKey,
		},
	}
}

// capabilities are those that an account may have.
var capabilities = []string{"EnableServerless", "EnableNoSQLVectorSearch", "EnableNoSQLFullTextSearch", "DisableRateLimitingResponses", "DeleteAllItemsByPartitionKey"}

func (p provider) putAccount(_ context.Context, c *arm.Call) error {
	b := c.Body
	for _, x := range b.Objects("properties", "capabilities") {
		if name := x.Text("name"); !slices.Contains(capabilities, name) {
			return arm.Fail(http.StatusBadRequest, "BadRequest", "The capability '%s' is not served by Lazuli; there are %s.", name, strings.Join(capabilities, ", "))
		}
	}
	if len(b.Objects("properties", "locations")) == 0 {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The property 'properties.locations' names no region.")
	}
	level := b.Text("properties", "consistencyPolicy", "defaultConsistencyLevel")
	if level != "" && !slices.Contains([]string{"Strong", "BoundedStaleness", "Session", "ConsistentPrefix", "Eventual"}, level) {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The consistency level '%s' is not one of Strong, BoundedStaleness, Session, ConsistentPrefix, Eventual.", level)
	}
	network := arm.Network{Public: b.Text("properties", "publicNetworkAccess")}
	for _, r := range b.Objects("properties", "ipRules") {
		network.IPs = append(network.IPs, r.Text("ipAddressOrRange"))
	}
	if b.Bool("properties", "isVirtualNetworkFilterEnabled") {
		network.Default = "Deny"
		for _, r := range b.Objects("properties", "virtualNetworkRules") {
			network.Subnets = append(network.Subnets, r.Text("id"))
		}
	}
	rules, err := network.Rules(c.Manager)
	if err != nil {
		return err
	}
	account, err := p.Accounts.Declare(c.ID, resource.CosmosAccounts, "Conflict", func(old json.RawMessage) (json.RawMessage, error) {
		a, err := wire.ReadAccount(old)
		if err != nil {
			return nil, err
		}
		a.Complete()
		a.DisableLocalAuth, a.Consistency, a.Network = b.Bool("properties", "disableLocalAuth"), level, rules
		return a.JSON(), nil
	})
	if err != nil {
		return err
	}
	if _, err := arm.Assign(c, p.Who, identity.Resource, resource.CosmosAccounts+"/"+account.Name); err != nil {
		return err
	}
	c.Keep(arm.GUID, "properties", "instanceId")
	return nil
}

// getAccount adds what every account has.
func (p provider) getAccount(_ context.Context, c *arm.Call) error {
	account, a, err := p.read(c.ID)
	if err != nil {
		return err
	}
	b := c.Body
	endpoint := "https://" + p.Accounts.Host(account) + ":443/"
	b.Default("GlobalDocumentDB", "kind")
	b.Set("Standard", "properties", "databaseAccountOfferType")
	b.Set(endpoint, "properties", "documentEndpoint")
	b.Set(a.DisableLocalAuth, "properties", "disableLocalAuth")
	level := a.Consistency
	if level == "" {
		level = "Session"
	}
	b.Set(level, "properties", "consistencyPolicy", "defaultConsistencyLevel")
	b.Default(5, "properties", "consistencyPolicy", "maxIntervalInSeconds")
	b.Default(100, "properties", "consistencyPolicy", "maxStalenessPrefix")
	b.Default("Periodic", "properties", "backupPolicy", "type")
	if b.Text("properties", "backupPolicy", "type") == "Periodic" {
		b.Default(240, "properties", "backupPolicy", "periodicModeProperties", "backupIntervalInMinutes")
		b.Default(8, "properties", "backupPolicy", "periodicModeProperties", "backupRetentionIntervalInHours")
		b.Default("Geo", "properties", "backupPolicy", "periodicModeProperties", "backupStorageRedundancy")
	}
	regions(b, strings.ToLower(account.Name), endpoint)
	for name, v := range map[string]any{
		"publicNetworkAccess": "Enabled", "minimalTlsVersion": "Tls12", "networkAclBypass": "None", "createMode": "Default",
		"defaultIdentity": "FirstPartyIdentity", "enableAutomaticFailover": false, "enableMultipleWriteLocations": false,
		"isVirtualNetworkFilterEnabled": false, "enableFreeTier": false, "enableAnalyticalStorage": false, "analyticalStorageConfiguration": map[string]any{"schemaType": "WellDefined"},
		"disableKeyBasedMetadataWriteAccess": false, "enablePartitionMerge": false, "enableBurstCapacity": false, "capabilities": []any{},
		"ipRules": []any{}, "virtualNetworkRules": []any{}, "cors": []any{}, "networkAclBypassResourceIds": []any{},
	} {
		b.Default(v, "properties", name)
	}
	return nil
}

// regions are the locations in the forms in which accounts tell of them.
func regions(b arm.Body, name, endpoint string) {
	at := b.Objects("properties", "locations")
	if len(at) == 0 {
		at = []arm.Body{{"locationName": b.Text("location"), "failoverPriority": 0}}
	}
	var all, policies []any
	for _, l := range at {
		id := name + "-" + strings.ToLower(strings.ReplaceAll(l.Text("locationName"), " ", ""))
		priority := l.Get("failoverPriority")
		if priority == nil {
			priority = 0
		}
		zones := l.Bool("isZoneRedundant")
		all = append(all, map[string]any{
			"id": id, "locationName": l.Text("locationName"), "documentEndpoint": endpoint, "provisioningState": "Succeeded",
			"failoverPriority": priority, "isZoneRedundant": zones,
		})
		policies = append(policies, map[string]any{"id": id, "locationName": l.Text("locationName"), "failoverPriority": priority})
	}
	b.Set(all, "properties", "locations")
	b.Set(all, "properties", "readLocations")
	b.Set(all[:1], "properties", "writeLocations")
	b.Set(policies, "properties", "failoverPolicies")
}

// read is the account that an id is in, with what the catalogue keeps of it.
func (p provider) read(id arm.ID) (resource.Account, wire.AccountProperties, error) {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return account, wire.AccountProperties{}, err
	}
	a, err := wire.ReadAccount(p.Accounts.Exists.Properties(account))
	return account, a, err
}

func (p provider) listKeys(_ context.Context, c *arm.Call) (arm.Answer, error) {
	_, a, err := p.read(c.ID)
	return arm.Answer{Body: map[string]any{
		"primaryMasterKey": a.Primary, "secondaryMasterKey": a.Secondary,
		"primaryReadonlyMasterKey": a.PrimaryReadOnly, "secondaryReadonlyMasterKey": a.SecondaryReadOnly,
	}}, err
}

func (p provider) readonlyKeys(_ context.Context, c *arm.Call) (arm.Answer, error) {
	_, a, err := p.read(c.ID)
	return arm.Answer{Body: map[string]any{"primaryReadonlyMasterKey": a.PrimaryReadOnly, "secondaryReadonlyMasterKey": a.SecondaryReadOnly}}, err
}

func (p provider) connectionStrings(_ context.Context, c *arm.Call) (arm.Answer, error) {
	account, a, err := p.read(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	var all []any
	for _, k := range []struct{ word, kind, key string }{
		{"Primary SQL Connection String", "Primary", a.Primary},
		{"Secondary SQL Connection String", "Secondary", a.Secondary},
		{"Primary Read-Only SQL Connection String", "PrimaryReadonly", a.PrimaryReadOnly},
		{"Secondary Read-Only SQL Connection String", "SecondaryReadonly", a.SecondaryReadOnly},
	} {
		all = append(all, map[string]any{
			"connectionString": "AccountEndpoint=https://" + p.Accounts.Host(account) + ":443/;AccountKey=" + k.key + ";",
			"description":      k.word, "keyKind": k.kind, "type": "Sql",
		})
	}
	return arm.Answer{Body: map[string]any{"connectionStrings": all}}, nil
}

func (p provider) regenerateKey(_ context.Context, c *arm.Call) (arm.Answer, error) {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	kind := c.Body.Text("keyKind")
	err = p.Accounts.Exists.UpdateAccount(account, func(old json.RawMessage) (json.RawMessage, error) {
		a, err := wire.ReadAccount(old)
		if err == nil {
			err = a.Regenerate(kind)
		}
		return a.JSON(), err
	})
	return arm.Answer{Long: true}, err
}
