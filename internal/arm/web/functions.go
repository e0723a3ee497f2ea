package web

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// hostKeys is POST host/default/listkeys.
func (p provider) hostKeys(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	keys, err := p.keys(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	if names, err := keys.Names("host"); err == nil && len(names) < 2 { // the master key and none besides
		if err := keys.Renew(ctx, "host", "default"); err != nil {
			return arm.Answer{}, err
		}
	}
	host, err := revealed(keys, "host")
	if err != nil {
		return arm.Answer{}, err
	}
	system, err := revealed(keys, "system")
	return arm.Answer{Body: map[string]any{"masterKey": keys.Master(), "functionKeys": host, "systemKeys": system}}, err
}

func (p provider) keys(id arm.ID) (Keys, error) {
	name, _, err := p.site(id)
	if err != nil {
		return nil, err
	}
	return p.Keys(name)
}

// revealed are the keys of a place by name, without the master key.
func revealed(keys Keys, place string) (map[string]string, error) {
	names, err := keys.Names(place)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range names {
		if name == "_master" {
			continue
		}
		if all[name], err = keys.Reveal(place, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// keyType is a type of keys: those of a place, or of the function that they are below.
func (p provider) keyType(name, place string) arm.Type {
	at := func(id arm.ID) string {
		if place != "" {
			return place
		}
		return "function:" + id.Names[1]
	}
	return arm.Type{
		Name: name, Plain: true,
		Put: func(ctx context.Context, c *arm.Call) error {
			keys, err := p.keys(c.ID)
			if err != nil {
				return err
			}
			value := c.Body.Text("properties", "value")
			c.Body.Remove("properties", "value") // the app keeps it
			p.written(c)
			if value == "" {
				return keys.Renew(ctx, at(c.ID), c.ID.Name())
			}
			return keys.Set(ctx, at(c.ID), c.ID.Name(), value)
		},
		Get: func(_ context.Context, c *arm.Call) error {
			keys, err := p.keys(c.ID)
			if err != nil {
				return err
			}
			value, err := keys.Reveal(at(c.ID), c.ID.Name())
			if err != nil {
				return err
			}
			c.Body.Set(c.ID.Name(), "properties", "name")
			if p.shown(c) {
				c.Body.Set(value, "properties", "value")
			}
			return nil
		},
		Delete: func(ctx context.Context, c *arm.Call) error {
			keys, err := p.keys(c.ID)
			if err != nil {
				return err
			}
			return keys.Remove(ctx, at(c.ID), c.ID.Name())
		},
	}
}

// function finds a function of an app.
func (p provider) function(ctx context.Context, id arm.ID) (Function, error) {
	name, _, err := p.site(id)
	if err != nil {
		return Function{}, err
	}
	for _, f := range p.Functions(ctx, name) {
		if strings.EqualFold(f.Name, id.Names[1]) {
			return f, nil
		}
	}
	return Function{}, fault.New(fault.NotFound, "function "+id.Names[1], "the app has no such function")
}

func (p provider) getFunction(ctx context.Context, c *arm.Call) error {
	f, err := p.function(ctx, c.ID)
	if err != nil {
		return err
	}
	base := "https://" + HostName(c.ID.Names[0])
	properties := map[string]any{
		"name": f.Name, "function_app_id": c.ID.Root().String(), "language": f.Language, "isDisabled": f.Disabled,
		"href": base + "/admin/functions/" + f.Name, "config": map[string]any{"name": f.Name, "language": f.Language, "bindings": f.Bindings},
		"test_data": "", "files": nil,
	}
	if f.Route != "" {
		properties["invoke_url_template"] = base + "/" + f.Route
	}
	c.Body.Set(properties, "properties")
	return nil
}

func (p provider) listFunctions(ctx context.Context, c *arm.Call) (all []arm.ID, err error) {
	name, _, err := p.site(c.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range p.Functions(ctx, name) {
		all = append(all, c.ID.Called(f.Name))
	}
	return all, nil
}

func (p provider) putFunction(context.Context, *arm.Call) error {
	return fault.New(fault.Invalid, "functions", "functions are made and changed by deploying the app's code; a setting AzureWebJobs.NAME.Disabled turns one off")
}

func noFunctions(context.Context, *arm.Call) error { return nil } // they go with the app

// functionKeys is POST functions/F/listkeys.
func (p provider) functionKeys(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	keys, all, err := p.keysOfFunction(ctx, c.ID)
	if err == nil && len(all) == 0 {
		if err = keys.Renew(ctx, "function:"+c.ID.Names[1], "default"); err == nil {
			_, all, err = p.keysOfFunction(ctx, c.ID)
		}
	}
	return arm.Answer{Body: all}, err
}

func (p provider) keysOfFunction(ctx context.Context, id arm.ID) (Keys, map[string]string, error) {
	if _, err := p.function(ctx, id); err != nil {
		return nil, nil, err
	}
	keys, err := p.keys(id)
	if err != nil {
		return nil, nil, err
	}
	all, err := revealed(keys, "function:"+id.Names[1])
	return keys, all, err
}

// functionSecrets is POST functions/F/listsecrets.
func (p provider) functionSecrets(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	f, err := p.function(ctx, c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	answer, err := p.functionKeys(ctx, c)
	if err != nil {
		return arm.Answer{}, err
	}
	key := answer.Body.(map[string]string)["default"]
	return arm.Answer{Body: map[string]any{"key": key, "trigger_url": "https://" + HostName(c.ID.Names[0]) + "/" + f.Route + "?code=" + key}}, nil
}
