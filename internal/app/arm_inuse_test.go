package app

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestInUse: what something else names cannot be deleted, the answer says what does,
// and afterwards all is there as before.
func TestInUse(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const (
			in      = "/S/resourceGroups/rg/providers/"
			plan    = in + "Microsoft.Web/serverfarms/plan"
			gateway = in + "Microsoft.ApiManagement/service/used"
		)
		c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		for _, x := range [][2]string{
			{plan, `{"location":"westeurope","kind":"linux","sku":{"name":"Y1"},"properties":{"reserved":true}}`},
			{in + "Microsoft.Web/sites/used-func", `{"location":"westeurope","kind":"functionapp,linux","properties":{"serverFarmId":"` + plan + `","siteConfig":{"linuxFxVersion":"Python|3.11"}}}`},
			{gateway, `{"location":"westeurope","sku":{"name":"Developer","capacity":1},"properties":{"publisherName":"a","publisherEmail":"b@c"}}`},
			{gateway + "/namedValues/v", `{"properties":{"displayName":"v","value":"x"}}`},
			{gateway + "/policyFragments/part", `{"properties":{"format":"rawxml","value":"<fragment><set-variable name=\"a\" value=\"1\" /></fragment>"}}`},
			{gateway + "/backends/behind", `{"properties":{"protocol":"http","url":"https://example.org"}}`},
			{gateway + "/backends/pool", `{"properties":{"type":"Pool","pool":{"services":[{"id":"` + gateway + `/backends/behind"}]}}}`},
			{gateway + "/policies/policy", `{"properties":{"format":"rawxml","value":"<policies><inbound><include-fragment fragment-id=\"part\" /><set-variable name=\"b\" value=\"{{v}}\" /><set-backend-service backend-id=\"pool\" /></inbound></policies>"}}`},
		} {
			if code, b := c.do("PUT", x[0], x[1]); code > 299 {
				t.Fatalf("PUT %s: %d %v", x[0], code, b)
			}
		}
		for path, says := range map[string]string{
			plan:                              "used-func",
			gateway + "/namedValues/v":        "'v'",
			gateway + "/policyFragments/part": "part",
			gateway + "/backends/behind":      "behind",
			gateway + "/backends/pool":        "pool",
		} {
			code, b := c.do("DELETE", path, "")
			if code != 400 && code != 409 || !strings.Contains(string(b.JSON()), says) {
				t.Errorf("DELETE %s: %d %v, without %s", path, code, b, says)
			}
			if code, b := c.do("GET", path, ""); code != 200 {
				t.Errorf("GET %s after a delete that was refused: %d %v", path, code, b)
			}
		}
		if code, b := c.do("DELETE", "/S/resourceGroups/rg", ""); code > 299 {
			t.Errorf("the group with all of it: %d %v", code, b)
		}
	})
}
