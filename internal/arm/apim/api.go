package apim

import (
	"context"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

const apiType = resource.Gateways + "/apis"

// apis are the types of APIs and what is in them.
func (p provider) apis() []arm.Type {
	api := typed(p, apiType, definition[gateway.API]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.API] { return s.APIs() },
		read:  readAPI, show: showAPI,
	})
	shown := api.Get
	api.Get = func(ctx context.Context, c *arm.Call) error {
		if strings.EqualFold(c.Query.Get("export"), "true") {
			return arm.Fail(http.StatusBadRequest, "ExportNotServed", "APIs are not exported here (export=true, format=%s): what was imported is not kept as a document.", c.Query.Get("format"))
		}
		return shown(ctx, c)
	}
	plain := api.Put
	api.Long, api.Same, api.Only = true, p.revision, true
	api.List, api.Delete = p.listAPIs, p.deleteAPI
	api.Put = func(ctx context.Context, c *arm.Call) error { return p.putAPI(ctx, c, plain) }
	api.Refuse = []arm.Refusal{
		{Path: "properties.type", Unless: []any{"http"}, Why: "there are HTTP APIs alone"},
		{Path: "properties.apiType", Unless: []any{"http"}, Why: "there are HTTP APIs alone"},
		{Path: "properties.authenticationSettings.oAuth2", Why: "there are no authorization servers; use the policy validate-jwt"},
		{Path: "properties.authenticationSettings.openid", Why: "there are no OpenID providers; use the policy validate-jwt"},
	}
	operation := typed(p, apiType+"/operations", definition[gateway.Operation]{
		table: func(s *gateway.Service, id arm.ID) gateway.Table[gateway.Operation] { return s.Operations(id.Names[1]) },
		read:  readOperation, show: showOperation,
	})
	return []arm.Type{
		api, operation,
		{Name: apiType + "/releases", Created: http.StatusCreated, Upsert: true, Plain: true, Put: p.putRelease},
		{Name: apiType + "/revisions", Plain: true, Bare: true, Get: p.getRevision, List: p.listRevisions, Put: madeByAPI, Only: true},
		p.apiSchema(),
		{Name: apiType + "/tags", Created: http.StatusCreated, Upsert: true, Plain: true},
		{Name: apiType + "/tagDescriptions", Created: http.StatusCreated, Upsert: true, Plain: true},
	}
}

// revision is the full name of an API that may be written without a revision.
func (p provider) revision(id arm.ID) string {
	name := id.Name()
	if _, revision := gateway.SplitRevision(name); revision != "" {
		return name
	}
	if s, err := p.of(id); err == nil {
		if full, _, err := s.APIs().Find(name); err == nil {
			return full
		}
	}
	return name + ";rev=1"
}

// documents are the formats of what is imported, and whether it is taken.
var documents = map[string]bool{"openapi": true, "openapi+json": true, "swagger-json": true}

func (p provider) putAPI(ctx context.Context, c *arm.Call, plain func(context.Context, *arm.Call) error) error {
	format, text := c.Body.Text("properties", "format"), c.Body.Text("properties", "value")
	source := c.Body.Text("properties", "sourceApiId")
	for _, once := range []string{"format", "value", "wsdlSelector", "sourceApiId", "createDetails", "translateRequiredQueryParameters"} {
		c.Body.Remove("properties", once)
	}
	switch {
	case format == "":
		if err := plain(ctx, c); err != nil || source == "" || c.Old != nil {
			return err
		}
		return p.copyAPI(ctx, c, source)
	case !documents[format]:
		return invalid("format", "The format '%s' is not served by Lazuli: put the document itself, as openapi, openapi+json or swagger-json. Nothing is fetched from elsewhere.", format)
	}
	s, err := p.of(c.ID)
	if err != nil {
		return err
	}
	old, err := s.APIs().Get(c.ID.Name())
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	def, err := importedAPI(c, old)
	if err != nil {
		return err
	}
	return refused(s.Import(ctx, c.ID.Name(), def, []byte(text)))
}

// importedAPI is what a body says beside its document.
func importedAPI(c *arm.Call, old gateway.API) (gateway.API, error) {
	title := c.Body.Text("properties", "displayName")
	if title == "" {
		c.Body.Set("the document's", "properties", "displayName")
	}
	def, err := readAPI(c, old)
	if title == "" {
		c.Body.Remove("properties", "displayName")
		def.DisplayName = ""
	}
	return def, err
}

// copyAPI copies schemas, operations and policies from another API, for a new revision or
// version.
func (p provider) copyAPI(ctx context.Context, c *arm.Call, source string) error {
	from, err := arm.ParseID(source)
	if err != nil || !strings.EqualFold(from.Type(), apiType) {
		from = arm.ID{Names: []string{"", strings.TrimPrefix(source, "/apis/")}}
	}
	s, err := p.of(c.ID)
	if err != nil {
		return err
	}
	at, to := from.Names[1], c.ID.Name()
	copyPolicy := func(from, to gateway.Scope) error {
		v, err := s.Policies(from).Get(gateway.PolicyName)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil {
			_, err = s.Policies(to).Put(ctx, gateway.PolicyName, v)
		}
		return err
	}
	for _, x := range s.APISchemas(at).List() {
		if _, err := s.APISchemas(to).Put(ctx, x.Name, x.Value); err != nil {
			return refused(err)
		}
	}
	for _, o := range s.Operations(at).List() {
		if _, err := s.Operations(to).Put(ctx, o.Name, o.Value); err != nil {
			return refused(err)
		}
		if err := copyPolicy(gateway.Scope{API: at, Operation: o.Name}, gateway.Scope{API: to, Operation: o.Name}); err != nil {
			return refused(err)
		}
	}
	return refused(copyPolicy(gateway.Scope{API: at}, gateway.Scope{API: to}))
}

func readAPI(c *arm.Call, old gateway.API) (gateway.API, error) {
	b := c.Body.Object("properties")
	_, revision := gateway.SplitRevision(c.ID.Name())
	if given := b.Text("apiRevision"); given != "" && given != revision {
		return gateway.API{}, invalid("apiRevision", "The revision '%s' is not that of the request, '%s'.", given, revision)
	}
	if b.Text("displayName") == "" {
		return gateway.API{}, invalid("displayName", "The property 'displayName' must not be empty.")
	}
	def := gateway.API{
		DisplayName: b.Text("displayName"), Description: b.Text("description"), Path: b.Text("path"), Protocols: b.Texts("protocols"),
		ServiceURL: b.Text("serviceUrl"), SubscriptionRequired: !b.Has("subscriptionRequired") || b.Bool("subscriptionRequired"),
		KeyHeader: b.Text("subscriptionKeyParameterNames", "header"), KeyQuery: b.Text("subscriptionKeyParameterNames", "query"),
		Version: b.Text("apiVersion"), VersionSet: lastOf(b.Text("apiVersionSetId")),
		IsCurrent: old.IsCurrent || b.Bool("isCurrent") || revision == "1" && c.Old == nil, IsOffline: b.Has("isOnline") && !b.Bool("isOnline"),
	}
	for _, protocol := range def.Protocols {
		if protocol != "http" && protocol != "https" {
			return def, invalid("protocols", "The protocol '%s' is not served by Lazuli; there are http and https.", protocol)
		}
	}
	return def, nil
}

// lastOf is the last name of an id.
func lastOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func showAPI(c *arm.Call, v gateway.API) {
	b := c.Body
	_, revision := gateway.SplitRevision(c.ID.Name())
	if v.Protocols == nil {
		v.Protocols = []string{"https"}
	}
	var protocols []any
	for _, p := range v.Protocols {
		protocols = append(protocols, p)
	}
	for name, value := range map[string]any{
		"displayName": v.DisplayName, "path": v.Path, "protocols": protocols, "subscriptionRequired": v.SubscriptionRequired,
		"subscriptionKeyParameterNames": map[string]any{"header": v.KeyHeader, "query": v.KeyQuery},
		"apiRevision":                   revision, "isCurrent": v.IsCurrent, "isOnline": !v.IsOffline,
	} {
		b.Set(value, "properties", name)
	}
	setText(c, "description", v.Description)
	b.Default(nil, "properties", "serviceUrl")
	if v.ServiceURL != "" {
		b.Set(v.ServiceURL, "properties", "serviceUrl")
	}
	setText(c, "apiVersion", v.Version)
	if v.VersionSet != "" {
		b.Default(c.ID.Root().Child("apiVersionSets", v.VersionSet).String(), "properties", "apiVersionSetId")
	}
	b.Default(map[string]any{"oAuth2": nil, "openid": nil}, "properties", "authenticationSettings")
	b.Default("http", "properties", "type")
}

// listAPIs are the current revisions, under the names of their APIs.
func (p provider) listAPIs(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	s, err := p.of(c.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range s.APIs().List() {
		if name, _ := gateway.SplitRevision(x.Name); x.Value.IsCurrent {
			all = append(all, c.ID.Called(x.Name).Shown(name))
		}
	}
	return all, nil
}

// deleteAPI deletes a revision, or with deleteRevisions all of them.
func (p provider) deleteAPI(ctx context.Context, c *arm.Call) error {
	s, err := p.of(c.ID)
	if err != nil {
		return err
	}
	base, _ := gateway.SplitRevision(c.ID.Name())
	all := strings.EqualFold(c.Query.Get("deleterevisions"), "true")
	current, err := s.APIs().Get(c.ID.Name())
	if err != nil {
		return err
	}
	for _, x := range s.APIs().List() {
		name, _ := gateway.SplitRevision(x.Name)
		if !strings.EqualFold(name, base) || strings.EqualFold(x.Name, c.ID.Name()) {
			continue
		}
		if !all && current.IsCurrent && !c.Whole {
			return invalid("apiId", "The current revision of an API is not deleted while it has others, such as %s: name deleteRevisions=true.", x.Name)
		}
		if all {
			if err := s.APIs().Delete(ctx, x.Name); err != nil {
				return refused(err)
			}
			parent, _ := c.ID.Parent()
			if err := c.Manager.Drop(parent.Child("apis", x.Name)); err != nil {
				return err
			}
		}
	}
	return refused(s.APIs().Delete(ctx, c.ID.Name()))
}

// putRelease makes a revision the current one.
func (p provider) putRelease(ctx context.Context, c *arm.Call) error {
	s, err := p.of(c.ID)
	if err != nil {
		return err
	}
	name := lastOf(c.Body.Text("properties", "apiId"))
	base, _ := gateway.SplitRevision(c.ID.Names[1])
	if of, _ := gateway.SplitRevision(name); !strings.EqualFold(of, base) {
		return invalid("apiId", "The property 'apiId' names no revision of the API %s.", base)
	}
	api, err := s.APIs().Get(name)
	if err != nil {
		return err
	}
	api.IsCurrent = true
	c.Keep(arm.Now, "properties", "createdDateTime")
	c.Body.Set(arm.Now(), "properties", "updatedDateTime")
	_, err = s.APIs().Put(ctx, name, api)
	return refused(err)
}

func madeByAPI(context.Context, *arm.Call) error {
	return arm.Fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "A revision is made by putting the API as NAME;rev=N.")
}

func (p provider) listRevisions(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	s, err := p.of(c.ID)
	if err != nil {
		return nil, err
	}
	base, _ := gateway.SplitRevision(c.ID.Names[1])
	for _, x := range s.APIs().List() {
		if name, revision := gateway.SplitRevision(x.Name); strings.EqualFold(name, base) {
			all = append(all, c.ID.Called(revision))
		}
	}
	return all, nil
}

func (p provider) getRevision(_ context.Context, c *arm.Call) error {
	s, err := p.of(c.ID)
	if err != nil {
		return err
	}
	base, _ := gateway.SplitRevision(c.ID.Names[1])
	api, err := s.APIs().Get(base + ";rev=" + c.ID.Name())
	if err != nil {
		return err
	}
	for name, v := range map[string]any{
		"apiId": "/apis/" + base + ";rev=" + c.ID.Name(), "apiRevision": c.ID.Name(), "isCurrent": api.IsCurrent, "isOnline": !api.IsOffline,
		"privateUrl": "/" + api.Path + ";rev=" + c.ID.Name(),
	} {
		c.Body.Set(v, name)
	}
	return nil
}
