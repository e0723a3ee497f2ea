package storage

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/blob"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/queue"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// getService adds what every service of an account has.
func getService(_ context.Context, c *arm.Call) error {
	c.Body.Default([]any{}, "properties", "cors", "corsRules")
	if c.ID.Types[1] == "fileServices" {
		c.Body.Default(false, "properties", "shareDeleteRetentionPolicy", "enabled")
	}
	return nil
}

// putBlobs says what the blob service keeps of what is deleted or overwritten.
func (p provider) putBlobs(ctx context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	r := objectstore.Retention{Versions: c.Body.Bool("properties", "isVersioningEnabled")}
	for policy, days := range map[string]*int{"deleteRetentionPolicy": &r.BlobDays, "containerDeleteRetentionPolicy": &r.ContainerDays} {
		if !c.Body.Bool("properties", policy, "enabled") {
			continue
		}
		n, _ := c.Body.Int("properties", policy, "days")
		if n < 1 || n > maxRetention {
			return arm.Fail(http.StatusBadRequest, "InvalidRequestPropertyValue", "The value '%d' of 'properties.%s.days' is out of range: 1 to %d.", n, policy, maxRetention)
		}
		*days = int(n)
	}
	err = p.change(c.ID, func(a *wire.AccountProperties) error { a.IsVersioningEnabled = r.Versions; return nil })
	if err != nil {
		return err
	}
	return p.Objects.Account(account.ID).SetRetention(ctx, r)
}

// maxRetention is for how many days deleted things are kept at most, as on Azure.
const maxRetention = 365

func (p provider) getBlobs(_ context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	r := p.Objects.Account(account.ID).Retention()
	c.Body.Default([]any{}, "properties", "cors", "corsRules")
	for policy, days := range map[string]int{"deleteRetentionPolicy": r.BlobDays, "containerDeleteRetentionPolicy": r.ContainerDays} {
		c.Body.Set(days > 0, "properties", policy, "enabled")
		c.Body.Remove("properties", policy, "days")
		if days > 0 {
			c.Body.Set(days, "properties", policy, "days")
		}
	}
	c.Body.Set(r.Versions, "properties", "isVersioningEnabled")
	return nil
}

// inner is a type of what is in a service: containers, queues, tables.
func (p provider) inner(name, service string, put, get func(context.Context, *arm.Call) error, refuse []arm.Refusal) arm.Type {
	only := func(id arm.ID) error {
		if id.Names[1] != "default" {
			return fault.New(fault.NotFound, service+" "+id.Names[1], "the only one is called default")
		}
		return nil
	}
	return arm.Type{
		Name: name, Plain: true, Refuse: refuse, Put: put, Get: get,
		List: func(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
			account, err := p.Accounts.Find(c.ID)
			if err == nil {
				err = only(c.ID)
			}
			if err != nil {
				return nil, err
			}
			for _, n := range p.Accounts.Exists.List(account, name) {
				all = append(all, c.ID.Called(n))
			}
			return all, nil
		},
		Delete: func(ctx context.Context, c *arm.Call) error {
			id, err := p.there(c.ID, name)
			if err != nil {
				return err
			}
			return p.Accounts.Exists.Remove(ctx, id)
		},
	}
}

// there is something in a service that exists.
func (p provider) there(id arm.ID, typ string) (resource.ID, error) {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return resource.ID{}, err
	}
	out := resource.ID{Account: account, Type: typ, Name: id.Names[2]}
	if id.Names[1] != "default" || !p.Accounts.Exists.Exists(out) {
		return out, fault.New(fault.NotFound, out.String(), "there is none")
	}
	return out, nil
}

// ensure makes something in a service.
func (p provider) ensure(ctx context.Context, c *arm.Call, typ string, properties json.RawMessage) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	err = p.Accounts.Exists.Ensure(ctx, resource.ID{Account: account, Type: typ, Name: c.ID.Names[2]}, properties)
	if fault.Is(err, fault.Invalid) {
		return arm.Fail(http.StatusBadRequest, "InvalidResourceName", "%s", err)
	}
	return err
}

// pairs are the metadata of a body.
func pairs(b arm.Body) map[string]string {
	all := map[string]string{}
	for name, v := range b.Object("properties", "metadata") {
		if s, is := v.(string); is {
			all[name] = s
		}
	}
	return all
}

func (p provider) putContainer(ctx context.Context, c *arm.Call) error {
	props := blob.ContainerProperties{PublicAccess: c.Body.Text("properties", "publicAccess"), Metadata: []objectstore.Pair{}}
	if props.PublicAccess == "" {
		props.PublicAccess = "None"
	}
	if props.PublicAccess != "None" {
		if _, a, err := p.read(c.ID); err != nil || a.Keys().NoPublic {
			return arm.Fail(http.StatusConflict, "PublicAccessNotPermitted", "Public access is not permitted on this storage account (properties.allowBlobPublicAccess).")
		}
	}
	metadata := pairs(c.Body)
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		props.Metadata = append(props.Metadata, objectstore.Pair{Name: name, Value: metadata[name]})
	}
	return p.ensure(ctx, c, resource.BlobContainers, props.JSON())
}

func (p provider) getContainer(ctx context.Context, c *arm.Call) error {
	id, err := p.there(c.ID, resource.BlobContainers)
	if err != nil {
		return err
	}
	info, err := p.Objects.Account(id.Account.ID).Container(ctx, id.Name, objectstore.Conditions{})
	if err != nil {
		return err
	}
	access := map[objectstore.PublicAccess]string{objectstore.BlobAccess: "Blob", objectstore.ContainerAccess: "Container"}[info.Access]
	if access == "" {
		access = "None"
	}
	metadata := map[string]any{}
	for _, m := range info.Metadata {
		metadata[m.Name] = m.Value
	}
	b := c.Body
	b.Set(access, "properties", "publicAccess")
	b.Set(metadata, "properties", "metadata")
	b.Default("$account-encryption-key", "properties", "defaultEncryptionScope")
	b.Default(false, "properties", "denyEncryptionScopeOverride")
	b.Set(false, "properties", "hasImmutabilityPolicy")
	b.Set(false, "properties", "hasLegalHold")
	b.Set(false, "properties", "deleted")
	b.Default("Unlocked", "properties", "leaseStatus")
	b.Default("Available", "properties", "leaseState")
	return nil
}

func (p provider) putQueue(ctx context.Context, c *arm.Call) error {
	var props queue.Properties
	props.Metadata = []engine.Pair{}
	metadata := pairs(c.Body)
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		props.Metadata = append(props.Metadata, engine.Pair{Name: name, Value: metadata[name]})
	}
	return p.ensure(ctx, c, resource.Queues, props.JSON())
}

func (p provider) getQueue(_ context.Context, c *arm.Call) error {
	_, err := p.there(c.ID, resource.Queues)
	c.Body.Default(map[string]any{}, "properties", "metadata")
	return err
}

func (p provider) putPlain(ctx context.Context, c *arm.Call) error {
	return p.ensure(ctx, c, resource.Tables, json.RawMessage("{}"))
}

func (p provider) getTable(_ context.Context, c *arm.Call) error {
	_, err := p.there(c.ID, resource.Tables)
	c.Body.Set(c.ID.Name(), "properties", "tableName")
	return err
}
