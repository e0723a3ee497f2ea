package azcli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

func restCommands() []command {
	return []command{{
		words: "rest", run: rest,
		flags: "method/m uri/u url body/b headers+ uri-parameters+ url-parameters+ skip-authorization-header? resource output-file",
	}}
}

var methods = []string{"delete", "get", "head", "options", "patch", "post", "put"}

// rest sends any request, as az rest: a path is one of Resource Manager, and
// {subscriptionId} the project's.
func rest(k *call) (any, error) {
	place := k.text("url")
	if place == "" {
		place = k.text("uri")
	}
	if place == "" {
		return nil, usage("the following arguments are required: --uri/--url/-u")
	}
	method := strings.ToLower(k.text("method"))
	if method == "" {
		method = "get"
	}
	if !slices.Contains(methods, method) {
		return nil, usage("argument --method/-m: invalid choice: '%s' (choose from %s)", method, strings.Join(methods, ", "))
	}
	a, err := k.to()
	if err != nil {
		return nil, err
	}
	place = strings.ReplaceAll(place, "{subscriptionId}", a.Subscription)
	if strings.HasPrefix(place, "/") {
		place = manager + place
	}
	u, err := url.Parse(place)
	if err != nil || u.Host == "" {
		return nil, usage("argument --uri/--url/-u: '%s' is no address", place)
	}
	q := u.Query()
	for name, v := range pairs(slices.Concat(k.given["uri-parameters"], k.given["url-parameters"])) {
		q.Set(name, v.(string))
	}
	if len(q) > 0 {
		u.RawQuery = q.Encode()
	}
	return k.restSend(strings.ToUpper(method), u)
}

func (k *call) restSend(method string, u *url.URL) (any, error) {
	r := request{method: method, url: u.String(), header: map[string]string{}, resource: resourceOf(k.text("resource"), u.Host)}
	if body := k.text("body"); body != "" {
		r.body = []byte(body)
		if json.Valid([]byte(body)) {
			r.header["Content-Type"] = "application/json"
		}
	}
	for name, v := range pairs(k.given["headers"]) {
		r.header[name] = v.(string)
	}
	out, err := k.send(r)
	if err != nil {
		return nil, err
	}
	if path := k.text("output-file"); path != "" {
		return nil, os.WriteFile(path, out.body, 0o600)
	}
	if len(out.body) == 0 || method == http.MethodHead {
		return nil, nil
	}
	var v any
	if json.Unmarshal(out.body, &v) != nil {
		return string(out.body), nil
	}
	return v, nil
}

// resourceOf is what a token for a host must name.
func resourceOf(given, host string) string {
	host = strings.ToLower(host)
	switch {
	case given != "":
		return given
	case strings.HasPrefix(host, "graph."):
		return "https://graph.microsoft.com"
	case strings.HasSuffix(host, ".core.windows.net") && !strings.HasPrefix(host, "management."):
		return storageResource
	}
	return manager
}
