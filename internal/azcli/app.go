package azcli

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
)

const inApp = "resource-group/g! name/n! slot/s "

const web = "Microsoft.Web"

func appCommands() []command {
	return []command{
		{
			words: "functionapp list", flags: "resource-group/g", run: appList,
			table: "[].{Name:name,Location:location,State:state,ResourceGroup:resourceGroup,DefaultHostName:defaultHostName,AppServicePlan:appServicePlanId}",
		},
		{words: "functionapp show", flags: inApp, run: func(k *call) (any, error) { return k.one(flat, web, "sites", k.text("name")) }},
		{words: "functionapp restart", flags: inApp, run: func(k *call) (any, error) { return k.app(http.MethodPost, "restart", nil) }},
		{words: "functionapp start", flags: inApp, run: func(k *call) (any, error) { return k.app(http.MethodPost, "start", nil) }},
		{words: "functionapp stop", flags: inApp, run: func(k *call) (any, error) { return k.app(http.MethodPost, "stop", nil) }},
		{words: "functionapp function list", flags: inApp, run: functionList},
		{words: "functionapp keys list", flags: inApp, run: func(k *call) (any, error) { return k.app(http.MethodPost, "host/default/listkeys", nil) }},
		{words: "functionapp config appsettings list", flags: inApp, run: settingsList},
		{words: "functionapp config appsettings set", flags: inApp + "settings+!", run: settingsSet},
		{words: "functionapp config appsettings delete", flags: inApp + "setting-names+!", run: settingsDelete},
	}
}

// app does something with the function app of the options.
func (k *call) app(method, below string, body any) (map[string]any, error) {
	if k.text("slot") != "" {
		return nil, failed("Deployment slots are not answered by this stand-in for az.")
	}
	path, err := k.in(web, "sites", k.text("name"))
	if err != nil {
		return nil, err
	}
	return k.do(method, path+"/"+below, body)
}

func appList(k *call) (any, error) {
	path, err := k.anywhere(web, "sites")
	if err != nil {
		return nil, err
	}
	all, err := k.list(path)
	if err != nil {
		return nil, err
	}
	apps := []any{}
	for _, a := range all {
		if kind, _ := a.(map[string]any)["kind"].(string); strings.Contains(kind, "functionapp") {
			apps = append(apps, flat(a))
		}
	}
	return apps, nil
}

func functionList(k *call) (any, error) {
	path, err := k.in(web, "sites", k.text("name"))
	if err != nil {
		return nil, err
	}
	all, err := k.list(path + "/functions")
	return each(all, functionShape), err
}

// functionShape is a function as az shows it: its fields in camel case.
func functionShape(v any) any {
	f, is := flat(v).(map[string]any)
	if !is {
		return v
	}
	out := map[string]any{}
	for name, value := range f {
		out[camel(name)] = value
	}
	return out
}

// camel is invoke_url_template as invokeUrlTemplate.
func camel(name string) string {
	words := strings.Split(name, "_")
	for n := range words[1:] {
		if w := words[n+1]; w != "" {
			words[n+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// settings reads the app's, with the names that stay in their slot.
func (k *call) settings() (all map[string]any, slots map[string]bool, err error) {
	out, err := k.app(http.MethodPost, "config/appsettings/list", nil)
	if err != nil {
		return nil, nil, err
	}
	all, _ = out["properties"].(map[string]any)
	if all == nil {
		all = map[string]any{}
	}
	names, err := k.app(http.MethodGet, "config/slotConfigNames", nil)
	if err != nil {
		return nil, nil, err
	}
	slots = map[string]bool{}
	inner, _ := names["properties"].(map[string]any)
	list, _ := inner["appSettingNames"].([]any)
	for _, n := range list {
		if name, is := n.(string); is {
			slots[name] = true
		}
	}
	return all, slots, nil
}

func settingsList(k *call) (any, error) {
	all, slots, err := k.settings()
	if err != nil {
		return nil, err
	}
	return settingRows(all, slots), nil
}

func settingRows(all map[string]any, slots map[string]bool) []any {
	rows := []any{}
	for _, name := range sorted(all) {
		rows = append(rows, map[string]any{"name": name, "slotSetting": slots[name], "value": all[name]})
	}
	return rows
}

func settingsSet(k *call) (any, error) {
	given, err := settingsOf(k.given["settings"])
	if err != nil {
		return nil, err
	}
	return k.change(func(all map[string]any) { maps.Copy(all, given) })
}

func settingsDelete(k *call) (any, error) {
	return k.change(func(all map[string]any) {
		for _, name := range k.given["setting-names"] {
			delete(all, name)
		}
	})
}

// change writes the settings back. Values are secrets, so what az shows of them is
// nothing.
func (k *call) change(with func(all map[string]any)) (any, error) {
	all, slots, err := k.settings()
	if err != nil {
		return nil, err
	}
	with(all)
	out, err := k.app(http.MethodPut, "config/appsettings", map[string]any{"properties": all})
	if err != nil {
		return nil, err
	}
	all, _ = out["properties"].(map[string]any)
	shown := map[string]any{}
	for name := range all {
		shown[name] = nil
	}
	return settingRows(shown, slots), nil
}

// settingsOf reads NAME=VALUE words, or JSON: an object, or a list of objects with
// name and value.
func settingsOf(words []string) (map[string]any, error) {
	out := map[string]any{}
	for _, w := range words {
		if t := strings.TrimSpace(w); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
			if err := settingsJSON(t, out); err != nil {
				return nil, usage("argument --settings: %s", err)
			}
			continue
		}
		name, value, is := strings.Cut(w, "=")
		if !is || name == "" {
			return nil, usage("argument --settings: '%s' is not NAME=VALUE", w)
		}
		out[name] = value
	}
	return out, nil
}

func settingsJSON(text string, out map[string]any) error {
	if strings.HasPrefix(text, "{") {
		var object map[string]string
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			return err
		}
		for name, v := range object {
			out[name] = v
		}
		return nil
	}
	var list []struct{ Name, Value string }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return err
	}
	for _, s := range list {
		out[s.Name] = s.Value
	}
	return nil
}
