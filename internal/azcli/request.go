package azcli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// manager is Resource Manager; requests that begin with a slash go there.
const manager = "https://management.azure.com"

// version is the api-version of all requests: our Resource Manager takes any.
const version = "2025-01-01"

// request is one to the running lazuli.
type request struct {
	method, url string // a path is one of Resource Manager
	body        any    // sent as JSON; []byte as it is
	header      map[string]string
	resource    string // that the token is for; "" is Resource Manager
}

// answer is what came back.
type answer struct {
	body   []byte
	header http.Header
}

// maxAnswer bounds what is read into memory.
const maxAnswer = 64 << 20

// send asks, and makes a failure of every status from 400.
func (k *call) send(r request) (answer, error) {
	a, err := k.to()
	if err != nil {
		return answer{}, err
	}
	body, err := encoded(r.body)
	if err != nil {
		return answer{}, err
	}
	place := r.url
	if strings.HasPrefix(place, "/") {
		place = withVersion(manager + place)
	}
	req, err := http.NewRequestWithContext(k.ctx, r.method, place, bytes.NewReader(body))
	if err != nil {
		return answer{}, usage("%s", err)
	}
	resource := r.resource
	if resource == "" {
		resource = manager
	}
	token, _, err := a.Token(k.ctx, resource)
	if err != nil {
		return answer{}, failed("No token for %s: %s", resource, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if _, raw := r.body.([]byte); !raw && r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return exchanged(a.Client, req)
}

func encoded(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		return v, nil
	}
	return json.Marshal(v)
}

func withVersion(place string) string {
	if strings.Contains(place, "api-version=") {
		return place
	}
	if strings.Contains(place, "?") {
		return place + "&api-version=" + version
	}
	return place + "?api-version=" + version
}

func exchanged(c *http.Client, req *http.Request) (answer, error) {
	resp, err := c.Do(req)
	if err != nil {
		var refused *net.OpError
		if errors.As(err, &refused) || strings.Contains(err.Error(), "is not this lazuli's") {
			return answer{}, failed("%s: %s", req.URL.Host, err)
		}
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("the answer of %s: %w", req.URL.Host, err)
	case len(body) > maxAnswer:
		return answer{}, failed("The answer of %s is larger than %d bytes.", req.URL.Host, maxAnswer)
	case resp.StatusCode >= http.StatusBadRequest:
		return answer{}, refusal(resp, body)
	}
	return answer{body, resp.Header}, nil
}

// refusal is a failure as the service tells it.
func refusal(resp *http.Response, body []byte) error {
	f := &failure{status: exitFailed}
	if resp.StatusCode == http.StatusNotFound {
		f.status = exitNotFound
	}
	var told struct {
		Error         struct{ Code, Message string }
		Code, Message string
	}
	if json.Unmarshal(body, &told) == nil {
		f.code, f.message = told.Error.Code, told.Error.Message
		if f.code == "" {
			f.code, f.message = told.Code, told.Message
		}
	}
	if f.code == "" {
		f.code = resp.Header.Get("x-ms-error-code")
	}
	if f.message == "" {
		f.message = strings.TrimSpace(resp.Status + " " + string(body[:min(len(body), 500)]))
	}
	return f
}

// get reads an object.
func (k *call) get(path string) (map[string]any, error) { return k.do(http.MethodGet, path, nil) }

// do sends JSON and reads an object; nil where the answer has no body.
func (k *call) do(method, path string, body any) (map[string]any, error) {
	a, err := k.send(request{method: method, url: path, body: body})
	if err != nil || len(a.body) == 0 {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(a.body, &out); err != nil {
		return nil, fmt.Errorf("the answer to %s %s: %w", method, path, err)
	}
	return out, nil
}

// list reads all pages.
func (k *call) list(path string) ([]any, error) {
	all := []any{}
	for path != "" {
		page, err := k.get(path)
		if err != nil {
			return nil, err
		}
		values, _ := page["value"].([]any)
		all = append(all, values...)
		path, _ = page["nextLink"].(string)
	}
	return all, nil
}

// generic is a value as JSON has it, which queries need.
func generic(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	return out, json.Unmarshal(text, &out)
}

// subscription is the path of the project's.
func (k *call) subscription() (string, error) {
	a, err := k.to()
	if err != nil {
		return "", err
	}
	return "/subscriptions/" + a.Subscription, nil
}

// in is a path in the group of --resource-group.
func (k *call) in(provider string, names ...string) (string, error) {
	s, err := k.subscription()
	if err != nil {
		return "", err
	}
	for n := range names {
		names[n] = url.PathEscape(names[n])
	}
	return s + "/resourceGroups/" + url.PathEscape(k.text("resource-group")) + "/providers/" + provider + "/" + strings.Join(names, "/"), nil
}

// anywhere is a collection of the group of --resource-group, or of the subscription
// where that is not given.
func (k *call) anywhere(provider, collection string) (string, error) {
	if k.text("resource-group") != "" {
		return k.in(provider, collection)
	}
	s, err := k.subscription()
	return s + "/providers/" + provider + "/" + collection, err
}

// flat is a resource as az shows it: its properties stand among its own fields, and
// its group is told.
func flat(v any) any {
	r, is := v.(map[string]any)
	if !is {
		return v
	}
	out := map[string]any{}
	for name, value := range r {
		if name != "properties" {
			out[name] = value
		}
	}
	if inner, is := r["properties"].(map[string]any); is {
		for name, value := range inner {
			if _, taken := out[name]; !taken {
				out[name] = value
			}
		}
	}
	if group := groupOf(r); group != "" {
		out["resourceGroup"] = group
	}
	return out
}

// grouped is a resource with its group told, its properties where they are.
func grouped(v any) any {
	r, is := v.(map[string]any)
	if !is {
		return v
	}
	out := maps.Clone(r)
	if group := groupOf(r); group != "" {
		out["resourceGroup"] = group
	}
	return out
}

func groupOf(r map[string]any) string {
	id, _ := r["id"].(string)
	parts := strings.Split(id, "/")
	for n := range parts {
		if strings.EqualFold(parts[n], "resourceGroups") && n+1 < len(parts) {
			return parts[n+1]
		}
	}
	return ""
}

// each makes a list of a list.
func each(all []any, f func(any) any) []any {
	out := make([]any, len(all))
	for n, v := range all {
		out[n] = f(v)
	}
	return out
}
