package azcli

import (
	"net/http"
	"net/url"
	"strings"
)

func groupCommands() []command {
	return []command{
		{words: "group list", flags: "tag", table: "[].{Name:name,Location:location,Status:properties.provisioningState}", run: groupList},
		{words: "group show", flags: "name/n!", run: func(k *call) (any, error) { return groupDo(k, http.MethodGet, nil) }},
		{words: "group create", flags: "name/n! location/l! tags+ managed-by", run: groupCreate},
		{words: "group delete", flags: "name/n! yes/y? no-wait?", run: groupDelete},
		{words: "group exists", flags: "name/n!", run: groupExists},
		{words: "resource list", flags: "resource-group/g resource-type name/n location/l", run: resourceList, table: "[].{Name:name,ResourceGroup:resourceGroup,Location:location,Type:type}"},
	}
}

// groupShape has the fields that az shows of every group.
func groupShape(v any) any { return withNulls(v, "managedBy", "tags") }

func groupList(k *call) (any, error) {
	s, err := k.subscription()
	if err != nil {
		return nil, err
	}
	path := s + "/resourceGroups"
	if tag := k.text("tag"); tag != "" {
		name, value, _ := strings.Cut(tag, "=")
		path += "?$filter=" + url.QueryEscape("tagName eq '"+name+"' and tagValue eq '"+value+"'")
	}
	all, err := k.list(path)
	return each(all, groupShape), err
}

func groupDo(k *call, method string, body any) (any, error) {
	s, err := k.subscription()
	if err != nil {
		return nil, err
	}
	out, err := k.do(method, s+"/resourceGroups/"+url.PathEscape(k.text("name")), body)
	if err != nil || out == nil {
		return nil, err
	}
	return groupShape(out), nil
}

func groupCreate(k *call) (any, error) {
	body := map[string]any{"location": k.text("location")}
	if tags := k.given["tags"]; tags != nil {
		body["tags"] = pairs(tags)
	}
	return groupDo(k, http.MethodPut, body)
}

func groupDelete(k *call) (any, error) {
	if !k.is("yes") {
		return nil, failed("Deleting a group deletes all that is in it: say --yes.")
	}
	return groupDo(k, http.MethodDelete, nil)
}

func groupExists(k *call) (any, error) {
	_, err := groupDo(k, http.MethodGet, nil)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func resourceList(k *call) (any, error) {
	s, err := k.subscription()
	if err != nil {
		return nil, err
	}
	var where []string
	for _, f := range [][2]string{{"resource-group", "resourceGroup"}, {"resource-type", "resourceType"}, {"name", "name"}, {"location", "location"}} {
		if v := k.text(f[0]); v != "" {
			where = append(where, f[1]+" eq '"+strings.ReplaceAll(v, "'", "''")+"'")
		}
	}
	path := s + "/resources"
	if where != nil {
		path += "?$filter=" + url.QueryEscape(strings.Join(where, " and "))
	}
	all, err := k.list(path)
	return each(all, grouped), err
}

// pairs reads NAME=VALUE words.
func pairs(words []string) map[string]any {
	out := map[string]any{}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		out[name] = value
	}
	return out
}
