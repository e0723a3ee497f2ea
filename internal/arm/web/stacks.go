package web

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
)

// stack is a language that apps run in here.
type stack struct {
	value, text, fx string // python, Python, Python|
	versions        []string
}

func runs() []stack {
	return []stack{
		{"python", "Python", "Python|", []string{"3.13", "3.12", "3.11", "3.10"}},
		{"node", "Node.js", "Node|", []string{"24", "22", "20"}},
		{"custom", "Custom Handler", "", []string{"custom"}},
	}
}

// stacks is GET functionAppStacks.
func stacks(_ context.Context, c *arm.Call) (arm.Answer, error) {
	all := []any{}
	for _, s := range runs() {
		if only := c.Query.Get("stack"); only != "" && !strings.EqualFold(only, s.value) {
			continue
		}
		var majors []any
		for n, v := range s.versions {
			majors = append(majors, map[string]any{"displayText": s.text + " " + v, "value": v, "minorVersions": []any{s.minor(v, n == 0)}})
		}
		all = append(all, map[string]any{
			"id": "/providers/Microsoft.Web/functionAppStacks/" + s.value, "name": s.value, "type": "Microsoft.Web/functionAppStacks",
			"properties": map[string]any{"displayText": s.text, "value": s.value, "preferredOs": "linux", "majorVersions": majors},
		})
	}
	return arm.Answer{Body: map[string]any{"value": all}}, nil
}

func (s stack) minor(version string, standard bool) map[string]any {
	fx := s.fx
	if fx != "" {
		fx += version
	}
	flex := map[string]any{
		"skuCode": "FC1", "maximumInstanceCount": map[string]any{"lowestMaximumInstanceCount": 40, "highestMaximumInstanceCount": 1000, "defaultValue": 100},
		"instanceMemoryMB":            []any{map[string]any{"size": "512", "isDefault": false}, map[string]any{"size": "2048", "isDefault": true}, map[string]any{"size": "4096", "isDefault": false}},
		"functionAppConfigProperties": map[string]any{"runtime": map[string]any{"name": s.value, "version": version}},
	}
	return map[string]any{
		"displayText": s.text + " " + version, "value": version,
		"stackSettings": map[string]any{"linuxRuntimeSettings": map[string]any{
			"runtimeVersion": fx, "remoteDebuggingSupported": false, "isDefault": standard, "isHidden": false, "isPreview": false, "isDeprecated": false,
			"appInsightsSettings":                 map[string]any{"isSupported": true},
			"gitHubActionSettings":                map[string]any{"isSupported": true, "supportedVersion": version},
			"appSettingsDictionary":               map[string]any{"FUNCTIONS_WORKER_RUNTIME": s.value},
			"siteConfigPropertiesDictionary":      map[string]any{"use32BitWorkerProcess": false, "linuxFxVersion": fx},
			"supportedFunctionsExtensionVersions": []any{"~4"}, "Sku": []any{flex},
		}},
	}
}

// regions is GET geoRegions: wherever somebody says that something is, it is here.
func regions(context.Context, *arm.Call) (arm.Answer, error) {
	all := []any{}
	for _, name := range []string{"Korea Central", "West Europe", "East US", "Southeast Asia"} {
		all = append(all, map[string]any{"name": name, "type": "Microsoft.Web/geoRegions", "properties": map[string]any{"name": name, "displayName": name, "orgDomain": "FUNCTIONS;DYNAMIC;LINUXDYNAMIC;FLEXCONSUMPTION"}})
	}
	return arm.Answer{Body: map[string]any{"value": all}}, nil
}
