package records

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	networkType  = "Microsoft.Network/virtualNetworks"
	subnetType   = networkType + "/subnets"
	endpointType = "Microsoft.Network/privateEndpoints"
	cardType     = "Microsoft.Network/networkInterfaces"
	zoneType     = "Microsoft.Network/privateDnsZones"
)

// networks is Microsoft.Network without its DNS.
func networks() arm.Provider {
	return arm.Provider{Types: []arm.Type{
		{
			Name: networkType, Tracked: true, Long: true, Get: embed, Delete: unused,
			Put: defaults([]value{
				{"properties.addressSpace.addressPrefixes", empty()},
				{"properties.enableDdosProtection", false},
				{"properties.privateEndpointVNetPolicies", "Disabled"},
			}, unique("properties.resourceGuid"), spread),
		},
		{Name: subnetType, Long: true, Put: defaults(subnetDefaults), Delete: unused},
		{
			Name: "Microsoft.Network/networkSecurityGroups", Tracked: true, Long: true,
			Put: defaults([]value{{"properties.securityRules", empty()}, {"properties.defaultSecurityRules", empty()}}, unique("properties.resourceGuid")),
		},
		{Name: endpointType, Tracked: true, Long: true, Put: putEndpoint, Delete: deleteEndpoint},
		{Name: endpointType + "/privateDnsZoneGroups", Long: true, Put: defaults([]value{{"properties.privateDnsZoneConfigs", empty()}})},
		{Name: cardType, Tracked: true, Long: true, Put: defaults([]value{{"properties.ipConfigurations", empty()}})},
	}}
}

var subnetDefaults = []value{
	{"properties.delegations", empty()},
	{"properties.serviceEndpoints", empty()},
	{"properties.privateEndpointNetworkPolicies", "Disabled"},
	{"properties.privateLinkServiceNetworkPolicies", "Enabled"},
}

// spread keeps the subnets that a network was sent with as resources of their own.
func spread(c *arm.Call) {
	for _, s := range c.Body.Objects("properties", "subnets") {
		id := c.ID.Child("subnets", s.Text("name"))
		for _, d := range subnetDefaults {
			s.Default(d.v, strings.Split(d.path, ".")...)
		}
		s.Set("Succeeded", "properties", "provisioningState")
		_ = c.Manager.Save(id, s) // a network that was kept without one shows it when it is read
	}
	c.Body.Remove("properties", "subnets")
}

// embed shows a network with its subnets.
func embed(_ context.Context, c *arm.Call) error {
	if !c.Kept() {
		return fault.New(fault.NotFound, "", "there is no %s", c.ID)
	}
	subnets, err := c.Manager.Children(c.ID, "subnets")
	if err != nil {
		return err
	}
	all := []any{}
	for _, s := range subnets {
		b := s.Body.Clone()
		b.Set(s.ID.String(), "id")
		b.Set(s.ID.Name(), "name")
		b.Set(subnetType, "type")
		all = append(all, map[string]any(b))
	}
	c.Body.Set(all, "properties", "subnets")
	c.Body.Default([]any{}, "properties", "virtualNetworkPeerings")
	return nil
}

// inSubnets are the types that stand in a subnet, and the property that says in which.
var inSubnets = []struct{ typ, path string }{
	{endpointType, "properties.subnet.id"},
	{"Microsoft.Web/sites", "properties.virtualNetworkSubnetId"},
	{"Microsoft.App/managedEnvironments", "properties.vnetConfiguration.infrastructureSubnetId"},
}

// unused refuses to delete a network or a subnet in which something stands.
func unused(_ context.Context, c *arm.Call) error {
	if c.Whole {
		return nil // the network is asked
	}
	for _, kind := range inSubnets {
		all, err := c.Manager.All(kind.typ)
		if err != nil {
			return err
		}
		for _, x := range all {
			in := strings.ToLower(x.Body.Text(strings.Split(kind.path, ".")...))
			own := strings.ToLower(c.ID.String())
			if in == own || strings.HasPrefix(in, own+"/subnets/") {
				name := in[strings.LastIndex(in, "/")+1:]
				return arm.Fail(http.StatusBadRequest, "InUseSubnetCannotBeDeleted",
					"Subnet %s is in use by %s and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet.", name, x.ID)
			}
		}
	}
	return nil
}

// putEndpoint keeps a private endpoint, approved, with a network interface.
func putEndpoint(_ context.Context, c *arm.Call) error {
	b := c.Body
	card := c.ID
	card.Types, card.Names = []string{"networkInterfaces"}, []string{c.ID.Name() + ".nic"}
	address := "10.0.0.4" // the first that a subnet gives away; nothing is routed there
	nic := arm.Body{"location": b.Get("location"), "properties": map[string]any{
		"provisioningState": "Succeeded",
		"ipConfigurations": []any{map[string]any{"name": "privateEndpointIpConfig", "properties": map[string]any{
			"privateIPAddress": address, "privateIPAllocationMethod": "Dynamic", "primary": true,
			"subnet": map[string]any{"id": b.Text("properties", "subnet", "id")},
		}}},
	}}
	if err := c.Manager.Save(card, nic); err != nil {
		return err
	}
	b.Set([]any{map[string]any{"id": card.String()}}, "properties", "networkInterfaces")
	b.Default([]any{}, "properties", "customDnsConfigs")
	b.Default([]any{}, "properties", "manualPrivateLinkServiceConnections")
	b.Default([]any{}, "properties", "privateLinkServiceConnections")
	for _, kind := range []string{"privateLinkServiceConnections", "manualPrivateLinkServiceConnections"} {
		for _, link := range b.Objects("properties", kind) {
			link.Set(map[string]any{"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"},
				"properties", "privateLinkServiceConnectionState")
		}
	}
	return nil
}

// deleteEndpoint takes its interface along.
func deleteEndpoint(_ context.Context, c *arm.Call) error {
	card := c.ID
	card.Types, card.Names = []string{"networkInterfaces"}, []string{c.ID.Name() + ".nic"}
	return c.Manager.Drop(card)
}

// zones is the DNS of private networks.
func zones() arm.Provider {
	types := []arm.Type{
		{
			Name: zoneType, Tracked: true, Long: true,
			Put: defaults([]value{
				{"location", "global"},
				{"properties.maxNumberOfRecordSets", 25000},
				{"properties.maxNumberOfVirtualNetworkLinks", 1000},
				{"properties.maxNumberOfVirtualNetworkLinksWithRegistration", 100},
				{"properties.numberOfRecordSets", 1},
			}),
		},
		{
			Name: zoneType + "/virtualNetworkLinks", Tracked: true, Long: true,
			Put: defaults([]value{{"location", "global"}, {"properties.virtualNetworkLinkState", "Completed"}, {"properties.registrationEnabled", false}}),
		},
		{Name: zoneType + "/SOA", Always: []string{"@"}, Get: soa, Plain: true},
	}
	for _, kind := range []string{"A", "AAAA", "CNAME", "TXT"} {
		types = append(types, arm.Type{Name: zoneType + "/" + kind, Plain: true, Put: recordSet})
	}
	return arm.Provider{Types: types}
}

// soa is the record that every zone begins with.
func soa(_ context.Context, c *arm.Call) error {
	b := c.Body
	b.Default(3600, "properties", "ttl")
	b.Default("@."+strings.ToLower(c.ID.Names[0]), "properties", "fqdn")
	b.Default(false, "properties", "isAutoRegistered")
	b.Default(map[string]any{
		"email": "azureprivatedns-host.microsoft.com", "host": "azureprivatedns.net", "expireTime": 2419200,
		"minimumTtl": 10, "refreshTime": 3600, "retryTime": 300, "serialNumber": 1,
	}, "properties", "soaRecord")
	return nil
}

func recordSet(_ context.Context, c *arm.Call) error {
	if len(c.ID.Names) != 2 {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "The record set '%s' is not in a zone.", c.ID)
	}
	c.Body.Set(fmt.Sprintf("%s.%s.", c.ID.Name(), c.ID.Names[0]), "properties", "fqdn")
	c.Body.Default(false, "properties", "isAutoRegistered")
	return nil
}
