// Package storage is Microsoft.Storage in Resource Manager: accounts with their keys,
// their blob, queue and table services, and the containers, queues and tables in them,
// which are the engines'.
//
// Left out, and refused by name: file shares, hierarchical namespaces (Data Lake), NFS
// and SFTP, keys of one's own, lifecycle rules, immutability, replication between
// accounts, and account SAS made by Resource Manager.
package storage

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config configures New.
type Config struct {
	Accounts arm.Accounts
	People   arm.People
	Objects  *objectstore.Store
}

type provider struct{ Config }

// New is the provider.
func New(c Config) arm.Provider {
	p := provider{c}
	services := resource.StorageAccounts
	return arm.Provider{
		Types: []arm.Type{
			p.account(),
			{
				Name: services + "/blobServices", Always: []string{"default"}, Get: p.getBlobs, Put: p.putBlobs,
				Refuse: append(noCORS(),
					arm.Refusal{Path: "properties.restorePolicy.enabled", Unless: []any{false}, Why: "containers are not restored to a point in time here"},
					arm.Refusal{Path: "properties.changeFeed.enabled", Unless: []any{false}, Why: "blobs have no change feed here"},
					arm.Refusal{Path: "properties.lastAccessTimeTrackingPolicy.enable", Unless: []any{false}, Why: "reads of blobs are not tracked here"},
				),
			},
			p.inner(resource.BlobContainers, "blobServices", p.putContainer, p.getContainer, []arm.Refusal{
				{Path: "properties.immutableStorageWithVersioning.enabled", Unless: []any{false}, Why: "blobs can always be changed here"},
				{Path: "properties.enableNfsV3RootSquash", Unless: []any{false}, Why: "there is no NFS here"},
				{Path: "properties.enableNfsV3AllSquash", Unless: []any{false}, Why: "there is no NFS here"},
				{Path: "properties.defaultEncryptionScope", Unless: []any{"$account-encryption-key"}, Why: "there are no encryption scopes here"},
			}),
			{Name: services + "/fileServices", Always: []string{"default"}, Get: getService, Refuse: noCORS()},
			{Name: services + "/queueServices", Always: []string{"default"}, Get: getService, Refuse: noCORS()},
			p.inner(resource.Queues, "queueServices", p.putQueue, p.getQueue, nil),
			{Name: services + "/tableServices", Always: []string{"default"}, Get: getService, Refuse: noCORS()},
			p.inner(resource.Tables, "tableServices", p.putPlain, p.getTable, nil),
		},
		Routes: []arm.Route{{Method: http.MethodPost, Path: "Microsoft.Storage/checkNameAvailability", Do: p.free}},
	}
}

// noCORS refuses the rules that the data plane sets; the two would contradict.
func noCORS() []arm.Refusal {
	return []arm.Refusal{{Path: "properties.cors.corsRules", Why: "set the CORS rules of a service with the service's own Set Service Properties"}}
}

func (p provider) account() arm.Type {
	off := []any{false}
	return arm.Type{
		Name: resource.StorageAccounts, Tracked: true, Long: true, Named: accountName,
		Put: p.putAccount, Get: p.getAccount,
		List: func(_ context.Context, c *arm.Call) ([]arm.ID, error) {
			return p.Accounts.List(c, resource.StorageAccounts), nil
		},
		Delete: func(ctx context.Context, c *arm.Call) error {
			if err := p.People.Forget(identity.Resource, resource.StorageAccounts+"/"+c.ID.Name()); err != nil {
				return err
			}
			return p.Accounts.Remove(ctx, c.ID)
		},
		Refuse: []arm.Refusal{
			{Path: "kind", Unless: []any{"StorageV2", "Storage", "BlobStorage"}, Why: "there are no file shares and no block blob accounts here"},
			{Path: "properties.isHnsEnabled", Unless: off, Why: "there are no hierarchical namespaces (Data Lake Storage) here"},
			{Path: "properties.isNfsV3Enabled", Unless: off, Why: "there is no NFS here"},
			{Path: "properties.isSftpEnabled", Unless: off, Why: "there is no SFTP here"},
			{Path: "properties.encryption.keySource", Unless: []any{"Microsoft.Storage"}, Why: "data is not encrypted with keys of one's own here"},
			{Path: "properties.customDomain.name", Unless: []any{""}, Why: "accounts have no domains of their own here"},
			{Path: "properties.immutableStorageWithVersioning.enabled", Unless: off, Why: "blobs can always be changed here"},
			{Path: "properties.azureFilesIdentityBasedAuthentication.directoryServiceOptions", Unless: []any{"None"}, Why: "there are no file shares here"},
		},
		Actions: map[string]arm.Action{"listKeys": p.listKeys, "regenerateKey": p.regenerateKey, "revokeUserDelegationKeys": p.revoke},
	}
}

var accountNames = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

func accountName(name string) error {
	if accountNames.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "AccountNameInvalid",
		"%s is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.", name)
}

func (p provider) free(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	name := c.Body.Text("name")
	if err := accountName(name); err != nil {
		return arm.Answer{Body: map[string]any{"nameAvailable": false, "reason": "AccountNameInvalid", "message": arm.FailureOf(err).Message}}, nil
	}
	return p.Accounts.Free(resource.StorageAccounts, "storage account")(ctx, c)
}

// optional is a switch of a body, nil where nothing is said.
func optional(b arm.Body, path ...string) *bool {
	if v, is := b.Get(path...).(bool); is {
		return &v
	}
	return nil
}

// putAccount makes an account with its keys, or changes who may reach it and how.
func (p provider) putAccount(_ context.Context, c *arm.Call) error {
	b := c.Body
	sku := b.Text("sku", "name")
	tier, copies, ok := strings.Cut(sku, "_")
	if !ok || tier != "Standard" && tier != "Premium" || !slices.Contains([]string{"LRS", "GRS", "RAGRS", "ZRS", "GZRS", "RAGZRS"}, copies) {
		return arm.Fail(http.StatusBadRequest, "InvalidRequestPropertyName", "The sku name '%s' is not one of Standard_LRS, Standard_GRS, Standard_RAGRS, Standard_ZRS, Standard_GZRS, Standard_RAGZRS, Premium_LRS, Premium_ZRS.", sku)
	}
	b.Set(tier, "sku", "tier")
	network := arm.Network{Public: b.Text("properties", "publicNetworkAccess"), Default: b.Text("properties", "networkAcls", "defaultAction")}
	for _, r := range b.Objects("properties", "networkAcls", "ipRules") {
		network.IPs = append(network.IPs, r.Text("value"))
	}
	for _, r := range b.Objects("properties", "networkAcls", "virtualNetworkRules") {
		network.Subnets = append(network.Subnets, r.Text("id"))
	}
	rules, err := network.Rules(c.Manager)
	if err != nil {
		return err
	}
	account, err := p.Accounts.Declare(c.ID, resource.StorageAccounts, "StorageAccountAlreadyTaken", func(old json.RawMessage) (json.RawMessage, error) {
		a, err := wire.ReadAccount(old)
		if err != nil {
			return nil, err
		}
		a.Complete()
		a.AllowSharedKeyAccess = optional(b, "properties", "allowSharedKeyAccess")
		public := b.Bool("properties", "allowBlobPublicAccess") // false unless it is asked for, as Azure makes accounts
		a.AllowBlobPublicAccess = &public
		a.Network = rules
		return a.JSON(), nil
	})
	if err != nil {
		return err
	}
	if _, err := arm.Assign(c, p.People, identity.Resource, resource.StorageAccounts+"/"+account.Name); err != nil {
		return err
	}
	c.Keep(arm.Now, "properties", "creationTime")
	return nil
}

// getAccount adds what every account has.
func (p provider) getAccount(_ context.Context, c *arm.Call) error {
	account, a, err := p.read(c.ID)
	if err != nil {
		return err
	}
	b := c.Body
	b.Default("StorageV2", "kind")
	b.Default("Standard_LRS", "sku", "name")
	tier, _, _ := strings.Cut(b.Text("sku", "name"), "_")
	b.Default(tier, "sku", "tier")
	b.Default("Hot", "properties", "accessTier")
	b.Default(true, "properties", "supportsHttpsTrafficOnly")
	b.Default("TLS1_2", "properties", "minimumTlsVersion")
	b.Set(a.AllowBlobPublicAccess == nil || *a.AllowBlobPublicAccess, "properties", "allowBlobPublicAccess")
	if a.AllowSharedKeyAccess != nil {
		b.Set(*a.AllowSharedKeyAccess, "properties", "allowSharedKeyAccess")
	}
	b.Default(false, "properties", "allowCrossTenantReplication")
	b.Default(false, "properties", "defaultToOAuthAuthentication")
	b.Default(false, "properties", "isLocalUserEnabled")
	b.Default(false, "properties", "isHnsEnabled")
	b.Default(false, "properties", "isSftpEnabled")
	b.Default("Enabled", "properties", "publicNetworkAccess")
	b.Default("AzureServices", "properties", "networkAcls", "bypass")
	b.Default("Allow", "properties", "networkAcls", "defaultAction")
	b.Default([]any{}, "properties", "networkAcls", "ipRules")
	b.Default([]any{}, "properties", "networkAcls", "virtualNetworkRules")
	b.Default(b.Text("location"), "properties", "primaryLocation")
	b.Set("available", "properties", "statusOfPrimary")
	b.Default("2026-01-01T00:00:00Z", "properties", "creationTime")
	p.endpoints(b, account)
	enabled := map[string]any{"enabled": true, "keyType": "Account", "lastEnabledTime": b.Text("properties", "creationTime")}
	b.Default(map[string]any{"blob": enabled, "file": enabled}, "properties", "encryption", "services")
	b.Default("Microsoft.Storage", "properties", "encryption", "keySource")
	b.Default(map[string]any{"key1": b.Text("properties", "creationTime"), "key2": b.Text("properties", "creationTime")}, "properties", "keyCreationTime")
	return nil
}

// endpoints are the addresses of the services; those that are not here have the names
// that they would have, which lead nowhere.
func (p provider) endpoints(b arm.Body, account resource.Account) {
	suffix := ".blob.core.windows.net"
	host := p.Accounts.Host(account)
	name, domain := strings.TrimSuffix(host, suffix), "core.windows.net"
	if name == host {
		name = strings.ToLower(account.Name)
	}
	all := map[string]any{}
	for _, service := range []string{"blob", "dfs", "file", "queue", "table"} {
		all[service] = "https://" + name + "." + service + "." + domain + "/"
	}
	all["web"] = "https://" + name + ".z1.web." + domain + "/"
	b.Set(all, "properties", "primaryEndpoints")
	if strings.HasPrefix(b.Text("sku", "name"), "Standard_RAG") {
		second := map[string]any{}
		for _, service := range []string{"blob", "queue", "table"} {
			second[service] = "https://" + name + "-secondary." + service + "." + domain + "/"
		}
		b.Set(second, "properties", "secondaryEndpoints")
		b.Set("available", "properties", "statusOfSecondary")
	}
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

// change changes what the catalogue keeps of an account.
func (p provider) change(id arm.ID, change func(*wire.AccountProperties) error) error {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return err
	}
	return p.Accounts.Exists.UpdateAccount(account, func(old json.RawMessage) (json.RawMessage, error) {
		a, err := wire.ReadAccount(old)
		if err == nil {
			err = change(&a)
		}
		return a.JSON(), err
	})
}

func (p provider) listKeys(_ context.Context, c *arm.Call) (arm.Answer, error) {
	_, a, err := p.read(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	key := func(name, value string) map[string]any {
		return map[string]any{"keyName": name, "value": value, "permissions": "FULL", "creationTime": "2026-01-01T00:00:00Z"}
	}
	return arm.Answer{Body: map[string]any{"keys": []any{key(wire.Key1, a.Key1), key(wire.Key2, a.Key2)}}}, nil
}

func (p provider) regenerateKey(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	name := c.Body.Text("keyName")
	if err := p.change(c.ID, func(a *wire.AccountProperties) error { return a.Regenerate(name) }); err != nil {
		return arm.Answer{}, err
	}
	return p.listKeys(ctx, c)
}

func (p provider) revoke(_ context.Context, c *arm.Call) (arm.Answer, error) {
	err := p.change(c.ID, func(a *wire.AccountProperties) error { a.RevokeDelegation(); return nil })
	return arm.Answer{}, err
}
