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
			network = in + "Microsoft.Network/virtualNetworks/net"
			lonely  = in + "Microsoft.Network/virtualNetworks/lonely"
		)
		c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		for _, x := range [][2]string{
			{plan, `{"location":"westeurope","kind":"linux","sku":{"name":"Y1"},"properties":{"reserved":true}}`},
			{in + "Microsoft.Web/sites/used-func", `{"location":"westeurope","kind":"functionapp,linux","properties":{"serverFarmId":"` + plan + `","siteConfig":{"linuxFxVersion":"Python|3.11"}}}`},
			{network, `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"inner","properties":{"addressPrefix":"10.0.1.0/24"}},{"name":"app","properties":{"addressPrefix":"10.0.2.0/24"}},{"name":"free","properties":{"addressPrefix":"10.0.3.0/24"}}]}}`},
			{lonely, `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]}}}`},
			{in + "Microsoft.Network/privateEndpoints/door", `{"location":"westeurope","properties":{"subnet":{"id":"` + network + `/subnets/inner"}}}`},
			{in + "Microsoft.App/managedEnvironments/apps", `{"location":"westeurope","properties":{"vnetConfiguration":{"infrastructureSubnetId":"` + network + `/subnets/APP"}}}`},
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
			network:                           "InUseSubnetCannotBeDeleted",
			network + "/subnets/inner":        "privateEndpoints/door",
			network + "/subnets/app":          "managedEnvironments/apps",
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
		for _, path := range []string{network + "/subnets/free", lonely} {
			if code, b := c.do("DELETE", path, ""); code > 299 {
				t.Errorf("DELETE %s, in which nothing stands: %d %v", path, code, b)
			}
		}
		if code, b := c.do("DELETE", "/S/resourceGroups/rg", ""); code > 299 {
			t.Errorf("the group with all of it: %d %v", code, b)
		}
	})
}
