package app

import (
	"fmt"
	"net"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// outside is a range that no test comes from.
const outside = "203.0.113.0/24"

// networkKeys say from where accounts and apps are reached. Tests come from
// 127.0.0.1.
func networkKeys() map[string]keyCase {
	hubs := func(r *rig) string { return r.produce(r.manager(), "a") }
	documents := func(r *rig) string {
		code, text := r.cosmos(r.url(instance.Cosmos), r.accountKey(), "GET", "", "", "", "", "X-Forwarded-For", "203.0.113.9")
		return orText(code, text)
	}
	all := map[string]keyCase{
		"privateListen": {yaml: "privateListen: 127.0.0.2\ncosmos: {publicNetworkAccess: Disabled}", want: "200", probe: func(r *rig) string {
			_, port, _ := net.SplitHostPort(r.info.Addresses[instance.Cosmos])
			code, text := r.cosmos("http://127.0.0.2:"+port, r.accountKey(), "GET", "", "", "", "")
			return orText(code, text)
		}},
		"trustedProxies":                {yaml: "trustedProxies: [127.0.0.0/8]\ncosmos: {ipRules: [" + outside + "]}", want: "200", probe: documents},
		"eventHubs.publicNetworkAccess": {yaml: "eventHubs: {publicNetworkAccess: Disabled, hubs: {a: {}}}", want: "unauthorized", probe: hubs},
		"eventHubs.defaultAction":       {yaml: "eventHubs: {defaultAction: Deny, hubs: {a: {}}}", want: "unauthorized", probe: hubs},
		"eventHubs.ipRules":             {yaml: "eventHubs: {ipRules: [" + outside + "], hubs: {a: {}}}", want: "unauthorized", probe: hubs},
		"cosmos.publicNetworkAccess":    {yaml: "cosmos: {publicNetworkAccess: Disabled}", want: "403", probe: documents},
		"cosmos.defaultAction":          {yaml: "cosmos: {defaultAction: Deny}", want: "403", probe: documents},
		"cosmos.ipRules":                {yaml: "cosmos: {ipRules: [" + outside + "]}", want: "403", probe: documents},
	}
	for key, c := range named(all, "eventHubs", "namespaces", keyNamespace, "publicNetworkAccess", "defaultAction", "ipRules") {
		all[key] = c
	}
	for key, c := range named(all, "cosmos", "accounts", keyAccount, "publicNetworkAccess", "defaultAction", "ipRules") {
		all[key] = c
	}
	// both rules match; the first by priority decides
	const both = "[{name: near, priority: 2, action: %s, ip: 127.0.0.0/8}, {name: all, priority: 3, action: %s}]"
	for key, c := range map[string]struct{ access, want, path string }{
		"publicNetworkAccess":  {"publicNetworkAccess: Disabled", "403", "/"},
		"defaultAction":        {"defaultAction: Deny", "403", "/"},
		"rules.*.action":       {"rules: " + fmt.Sprintf(both, "Deny", "Allow"), "403", "/"},
		"rules.*.ip":           {"rules: [{ip: " + outside + "}]", "403", "/"},
		"rules.*.headers":      {"rules: [{headers: {X-Azure-FDID: mine}}]", "403", "/"},
		"rules.*.priority":     {"rules: [{action: Deny, priority: 2}, {ip: 127.0.0.1, priority: 1}]", "200", "/"},
		"adminDefaultAction":   {"adminDefaultAction: Deny", "200 403", "/ /admin/host/status"},
		"adminRules.*.action":  {"adminRules: [{action: Deny}]", "200 403", "/ /admin/host/status"},
		"adminRules.*.ip":      {"adminRules: [{ip: " + outside + "}]", "200 403", "/ /admin/host/status"},
		"adminRules.*.headers": {"adminRules: [{headers: {X-FD-HealthProbe: '1'}}]", "200 403", "/ /admin/host/status"},
		"adminRules.*.priority": {
			"adminRules: [{action: Deny, priority: 2}, {ip: 127.0.0.1, priority: 1}]", "200 200", "/ /admin/host/status",
		},
	} {
		all["functions.apps.*.access."+key] = accessCase(c.access, c.want, func(r *rig) string {
			var codes []string
			for _, path := range strings.Fields(c.path) {
				codes = append(codes, r.code(instance.FunctionsPrefix+"one", path))
			}
			return strings.Join(codes, " ")
		})
	}
	logged := func(path string) func(r *rig) string {
		return func(r *rig) string {
			return r.until(func() string {
				r.code(instance.FunctionsPrefix+"one", path)
				if strings.Contains(r.log.String(), "rule=near") {
					return "logged"
				}
				return ""
			}, func(s string) bool { return s != "" })
		}
	}
	all["functions.apps.*.access.rules.*.name"] = accessCase("rules: [{name: near, action: Deny}]", "logged", logged("/"))
	all["functions.apps.*.access.adminRules.*.name"] = accessCase("adminRules: [{name: near, action: Deny}]", "logged", logged("/admin/host/status"))
	return all
}

// accessCase is a function app with access restrictions.
func accessCase(access, want string, probe func(*rig) string) keyCase {
	c := functionKeys()["functions.apps.*.path"]
	c.yaml = strings.Replace(c.yaml, "one: {", "one: {access: {"+access+"}, ", 1)
	c.want, c.probe = want, probe
	return c
}
