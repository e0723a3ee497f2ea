package app

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestTags asks for and changes tags apart from what has them, as az tag does.
func TestTags(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const (
			group = "/S/resourceGroups/rg"
			net   = group + "/providers/Microsoft.Network/virtualNetworks/net"
			tags  = "/providers/Microsoft.Resources/tags/default"
		)
		c.ok("PUT", group, `{"location":"westeurope","tags":{"env":"dev"}}`)
		c.ok("PUT", net, `{"location":"westeurope","tags":{"Env":"prod"},"properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`)
		for _, at := range []string{group, net} {
			for _, x := range []struct{ method, body, want string }{
				{"PUT", `{"properties":{"tags":{"a":"1","b":"2"}}}`, `{"a":"1","b":"2"}`},
				{"PATCH", `{"operation":"Merge","properties":{"tags":{"B":"3","c":"4"}}}`, `{"B":"3","a":"1","c":"4"}`},
				{"PATCH", `{"operation":"delete","properties":{"tags":{"a":"1","c":"other"}}}`, `{"B":"3","c":"4"}`},
				{"PATCH", `{"operation":"Replace","properties":{"tags":{"Env":"dev"}}}`, `{"Env":"dev"}`},
				{"GET", "", `{"Env":"dev"}`},
			} {
				code, b := c.do(x.method, at+tags, x.body)
				if got := string(b.Object("properties", "tags").JSON()); code != 200 || got != x.want || b.Text("name") != "default" || !strings.HasSuffix(b.Text("id"), tags) {
					t.Errorf("%s %s of %s: %d %v, want %s", x.method, x.body, at, code, b, x.want)
				}
			}
			if code, b := c.do("GET", at, ""); code != 200 || b.Text("tags", "Env") != "dev" || b.Text("location") != "westeurope" {
				t.Errorf("GET %s: %d %v", at, code, b)
			}
		}
		if _, b := c.do("GET", "/S/tagNames", ""); !strings.Contains(string(b.JSON()), `"count":{"type":"Total","value":2}`) || len(b.Objects("value")) != 1 || b.Objects("value")[0].Text("tagName") != "Env" {
			t.Errorf("the names of tags: %v", b)
		}
		if code, _ := c.do("DELETE", net+tags, ""); code != 200 {
			t.Errorf("DELETE: %d", code)
		}
		if _, b := c.do("GET", net+tags, ""); len(b.Object("properties", "tags")) != 0 {
			t.Errorf("after DELETE: %v", b)
		}
		for _, x := range []struct {
			method, path, body string
			status             int
			says               string
		}{
			{"GET", group + "/providers/Microsoft.Network/virtualNetworks/none" + tags, "", 404, "ResourceNotFound"},
			{"GET", "/S/resourceGroups/none" + tags, "", 404, "ResourceGroupNotFound"},
			{"PUT", "/S" + tags, `{"properties":{"tags":{}}}`, 400, "no tags here"},
			{"PUT", net + "/subnets/s" + tags, `{"properties":{"tags":{}}}`, 400, "has no tags"},
			{"PUT", group + tags, `{}`, 400, "properties.tags"},
			{"PATCH", group + tags, `{"operation":"Turn","properties":{"tags":{}}}`, 400, "'Turn'"},
			{"POST", group + tags, `{}`, 405, "POST"},
			{"PUT", group + tags, `{"properties":{"tags":{"a":{}}}}`, 400, "a"},
		} {
			if code, b := c.do(x.method, x.path, x.body); code != x.status || !strings.Contains(string(b.JSON()), x.says) {
				t.Errorf("%s %s %s: %d %v, want %d %s", x.method, x.path, x.body, code, b, x.status, x.says)
			}
		}
	})
}

// TestTagsAtOnce merges tags of one group and of one resource at the same time: each
// change finds those of the others.
func TestTagsAtOnce(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const (
			group = "/S/resourceGroups/rg"
			net   = group + "/providers/Microsoft.Network/virtualNetworks/net"
			tags  = "/providers/Microsoft.Resources/tags/default"
			all   = 40
		)
		c.ok("PUT", group, `{"location":"westeurope"}`)
		c.ok("PUT", net, `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`)
		for _, at := range []string{group, net} {
			var asked sync.WaitGroup
			for n := range all {
				asked.Go(func() {
					body := fmt.Sprintf(`{"operation":"Merge","properties":{"tags":{"t%d":"v"}}}`, n)
					if code, b := c.do("PATCH", at+tags, body); code != 200 || b.Text("properties", "tags", fmt.Sprint("t", n)) != "v" {
						t.Errorf("PATCH %s %s: %d %v", at, body, code, b)
					}
				})
			}
			asked.Wait()
			if _, b := c.do("GET", at+tags, ""); len(b.Object("properties", "tags")) != all {
				t.Errorf("%s has %d tags of %d: %v", at, len(b.Object("properties", "tags")), all, b)
			}
		}
	})
}
