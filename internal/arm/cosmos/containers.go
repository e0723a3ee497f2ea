package cosmos

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/arm"
	wire "github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// database is the database that an id is, or is in. Names have a case.
func (p provider) database(id arm.ID) (resource.Account, *docstore.Database, error) {
	account, err := p.Accounts.Find(id)
	if err != nil {
		return account, nil, err
	}
	d, err := p.Store.Account(account.ID).Database(id.Names[1])
	if err == nil && d.ID() != id.Names[1] {
		err = fault.New(fault.NotFound, "database "+id.Names[1], "there is none")
	}
	return account, d, err
}

// container is the container that an id is, or is in.
func (p provider) container(id arm.ID) (resource.Account, *docstore.Container, error) {
	account, d, err := p.database(id)
	if err != nil {
		return account, nil, err
	}
	c, err := d.Container(id.Names[2])
	if err == nil && c.ID() != id.Names[2] {
		err = fault.New(fault.NotFound, "container "+id.Names[2], "there is none")
	}
	return account, c, err
}

// offer is the throughput that options ask for, as the data plane has it; nil: none.
func offer(options arm.Body) json.RawMessage {
	if n, given := options.Int("throughput"); given && n > 0 {
		return arm.Body{"offerThroughput": n}.JSON()
	}
	if n, given := options.Int("autoscaleSettings", "maxThroughput"); given && n > 0 {
		return arm.Body{"offerAutopilotSettings": map[string]any{"maxThroughput": n}}.JSON()
	}
	return nil
}

func (p provider) putDatabase(ctx context.Context, c *arm.Call) error {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return err
	}
	if err := sameName(c); err != nil {
		return err
	}
	var made wire.DatabaseProperties
	if _, _, err := p.database(c.ID); err != nil { // of one that exists, options change nothing, as on Azure
		made.Throughput = offer(c.Body.Object("properties", "options"))
	}
	props, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return bad(p.Accounts.Exists.Ensure(ctx, resource.ID{Account: account, Type: resource.Databases, Name: c.ID.Names[1]}, props))
}

// sameName refuses a body whose id is another than that of its place.
func sameName(c *arm.Call) error {
	if id := c.Body.Text("properties", "resource", "id"); id != "" && id != c.ID.Name() {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The name '%s' in properties.resource.id is not that of the request, '%s'.", id, c.ID.Name())
	}
	c.Body.Set(c.ID.Name(), "properties", "resource", "id")
	return nil
}

// bad is a refusal of the engine as Resource Manager words it.
func bad(err error) error {
	if fault.Is(err, fault.Invalid) {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "%s", err)
	}
	return err
}

func (p provider) getDatabase(_ context.Context, c *arm.Call) error {
	_, d, err := p.database(c.ID)
	if err != nil {
		return err
	}
	c.Body.Set(d.ID(), "properties", "resource", "id")
	described(c.Body, d.Resource())
	return nil
}

// described adds what the store keeps of everything.
func described(b arm.Body, r docstore.Resource) {
	b.Set(r.RID, "properties", "resource", "_rid")
	b.Set(r.Timestamp, "properties", "resource", "_ts")
	b.Set(r.ETag, "properties", "resource", "_etag")
	b.Default(map[string]any{}, "properties", "options")
}

func (p provider) listDatabases(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	account, err := p.Accounts.Find(c.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range p.Store.Account(account.ID).Databases() {
		all = append(all, c.ID.Called(d.ID()))
	}
	return all, nil
}

func (p provider) deleteDatabase(ctx context.Context, c *arm.Call) error {
	account, d, err := p.database(c.ID)
	if err != nil {
		return err
	}
	return p.Accounts.Exists.Remove(ctx, resource.ID{Account: account, Type: resource.Databases, Name: d.ID()})
}

func (p provider) putContainer(ctx context.Context, c *arm.Call) error {
	account, _, err := p.database(c.ID)
	if err != nil {
		return err
	}
	if err := sameName(c); err != nil {
		return err
	}
	given := c.Body.Object("properties", "resource").Clone()
	for _, derived := range []string{"_rid", "_ts", "_etag", "_self", "createMode", "restoreParameters"} {
		delete(given, derived)
	}
	made := wire.ContainerProperties{Body: given.JSON()}
	if _, _, err := p.container(c.ID); err != nil {
		made.Throughput = offer(c.Body.Object("properties", "options"))
	}
	props, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return bad(p.Accounts.Exists.Ensure(ctx, resource.ID{Account: account, Type: resource.Containers, Name: c.ID.Names[1] + "/" + c.ID.Names[2]}, props))
}

func (p provider) getContainer(_ context.Context, c *arm.Call) error {
	_, x, err := p.container(c.ID)
	if err != nil {
		return err
	}
	text, err := wire.ContainerJSON(x)
	if err != nil {
		return err
	}
	full, err := arm.ParseBody(text)
	if err != nil {
		return err
	}
	if n, _ := full.Int("partitionKey", "version"); n == 1 && !c.Body.Has("properties", "resource", "partitionKey", "version") {
		full.Remove("partitionKey", "version") // Azure shows it where it was asked for: clients replace a container for it
	}
	for name, v := range full {
		if !c.Kept() || name == "partitionKey" || name == "defaultTtl" {
			c.Body.Set(v, "properties", "resource", name)
		} else {
			c.Body.Default(v, "properties", "resource", name)
		}
	}
	described(c.Body, x.Resource())
	return nil
}

func (p provider) listContainers(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	_, d, err := p.database(c.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range d.Containers() {
		all = append(all, c.ID.Called(x.ID()))
	}
	return all, nil
}

func (p provider) deleteContainer(ctx context.Context, c *arm.Call) error {
	account, x, err := p.container(c.ID)
	if err != nil {
		return err
	}
	return p.Accounts.Exists.Remove(ctx, resource.ID{Account: account, Type: resource.Containers, Name: c.ID.Names[1] + "/" + x.ID()})
}

// throughput is the throughput of a database or a container, which is there when some
// was asked for.
func (p provider) throughput(of string) arm.Type {
	there := func(id arm.ID) (docstore.Resource, func(context.Context, json.RawMessage) error, error) {
		if of == resource.Databases {
			_, d, err := p.database(id)
			if err != nil {
				return docstore.Resource{}, nil, err
			}
			return d.Resource(), d.SetThroughput, nil
		}
		_, x, err := p.container(id)
		if err != nil {
			return docstore.Resource{}, nil, err
		}
		return x.Resource(), x.SetThroughput, nil
	}
	return arm.Type{
		Name: of + "/throughputSettings", Plain: true, Long: true, Always: []string{"default"},
		Put: func(ctx context.Context, c *arm.Call) error {
			_, set, err := there(c.ID)
			if err != nil {
				return err
			}
			content := offer(c.Body.Object("properties", "resource"))
			if content == nil {
				return arm.Fail(http.StatusBadRequest, "BadRequest", "The property 'properties.resource' has neither throughput nor autoscaleSettings.maxThroughput.")
			}
			return bad(set(ctx, content))
		},
		Get: func(_ context.Context, c *arm.Call) error {
			r, _, err := there(c.ID)
			if err != nil {
				return err
			}
			if r.Throughput == nil || c.ID.Name() != "default" {
				return fault.New(fault.NotFound, "throughput of "+r.ID, "it has none of its own")
			}
			return shown(c.Body, r.Throughput)
		},
	}
}

func shown(b arm.Body, content json.RawMessage) error {
	has, err := arm.ParseBody(content)
	if err != nil {
		return err
	}
	n, _ := has.Int("offerThroughput")
	most, auto := has.Int("offerAutopilotSettings", "maxThroughput")
	out := map[string]any{"throughput": n, "minimumThroughput": "400", "offerReplacePending": "false"}
	if auto {
		out["throughput"] = most / 10 // the least of the scale
		out["autoscaleSettings"] = map[string]any{"maxThroughput": most}
	}
	b.Set(out, "properties", "resource")
	return nil
}
