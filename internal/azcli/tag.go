package azcli

import (
	"net/http"
	"slices"
	"strings"
)

func tagCommands() []command {
	return []command{
		{words: "tag list", flags: "resource-id", run: tagList},
		{words: "tag create", flags: "resource-id! tags+!", run: func(k *call) (any, error) {
			return k.tags(http.MethodPut, map[string]any{"properties": map[string]any{"tags": pairs(k.given["tags"])}})
		}},
		{words: "tag update", flags: "resource-id! operation! tags+!", run: tagUpdate},
		{words: "tag delete", flags: "resource-id! yes/y?", run: tagDelete},
	}
}

// tags does something with the tags of --resource-id.
func (k *call) tags(method string, body any) (any, error) {
	id := strings.TrimSuffix(k.text("resource-id"), "/")
	if !strings.HasPrefix(id, "/") {
		return nil, usage("argument --resource-id: '%s' is no id of a group or a resource", id)
	}
	out, err := k.do(method, id+"/providers/Microsoft.Resources/tags/default", body)
	if err != nil || out == nil {
		return nil, err
	}
	return grouped(out), nil
}

// tagList lists the names of all tags, or the tags of one.
func tagList(k *call) (any, error) {
	if k.text("resource-id") != "" {
		return k.tags(http.MethodGet, nil)
	}
	s, err := k.subscription()
	if err != nil {
		return nil, err
	}
	return k.list(s + "/tagNames")
}

// operations are those of az tag update.
var operations = []string{"Merge", "Replace", "Delete"}

func tagUpdate(k *call) (any, error) {
	asked := k.text("operation")
	at := slices.IndexFunc(operations, func(o string) bool { return strings.EqualFold(o, asked) })
	if at < 0 {
		return nil, usage("argument --operation: invalid choice: '%s' (choose from %s)", asked, strings.Join(operations, ", "))
	}
	return k.tags(http.MethodPatch, map[string]any{"operation": operations[at], "properties": map[string]any{"tags": pairs(k.given["tags"])}})
}

func tagDelete(k *call) (any, error) {
	if !k.is("yes") {
		return nil, failed("Deleting tags deletes all of them: say --yes.")
	}
	return k.tags(http.MethodDelete, nil)
}
