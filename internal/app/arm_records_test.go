package app

// armRecordCases are what is kept and does nothing here.
func armRecordCases() []armCase {
	const (
		in   = `"location":"westeurope"`
		net  = "Microsoft.Network/virtualNetworks/net"
		zone = "Microsoft.Network/privateDnsZones/privatelink.azurewebsites.net"
		env  = "Microsoft.App/managedEnvironments/env"
		rg   = "/S/resourceGroups/rg/providers/"
	)
	return []armCase{
		{
			id: "Microsoft.OperationalInsights/workspaces/logs", body: `{` + in + `,"properties":{"sku":{"name":"PerGB2018"},"retentionInDays":30}}`,
			want: map[string]string{
				"properties.customerId": "*", "properties.features.enableLogAccessUsingOnlyResourcePermissions": "true", "properties.workspaceCapping.dailyQuotaGb": "-1",
				"properties.publicNetworkAccessForQuery": "Enabled", "properties.sharedKeys": "null",
			},
			does: []armAct{{call: "POST sharedKeys", want: map[string]string{"primarySharedKey": "*", "secondarySharedKey": "*"}}},
		},
		{
			id: "Microsoft.Insights/components/insights", body: `{` + in + `,"kind":"web","properties":{"Application_Type":"web","SamplingPercentage":100}}`,
			want: map[string]string{
				"properties.AppId": "*", "properties.InstrumentationKey": "*", "properties.ConnectionString": "*", "properties.RetentionInDays": "90",
				"properties.SamplingPercentage": "100", "properties.ApplicationId": "insights", "properties.billing": "null",
			},
			does: []armAct{
				{call: "GET currentbillingfeatures", want: map[string]string{"DataVolumeCap.Cap": "100", "CurrentBillingFeatures.0": "Basic"}},
				{call: "PUT currentbillingfeatures", body: `{"CurrentBillingFeatures":["Basic"],"DataVolumeCap":{"Cap":7}}`, want: map[string]string{"DataVolumeCap.Cap": "7"}},
				{call: "GET currentbillingfeatures", want: map[string]string{"DataVolumeCap.Cap": "7"}},
			},
		},
		{
			id: net, body: `{` + in + `,"properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"first","properties":{"addressPrefix":"10.0.0.0/24"}}]}}`,
			want: map[string]string{"properties.addressSpace.addressPrefixes.0": "10.0.0.0/16", "properties.subnets.0.properties.addressPrefix": "*", "properties.enableDdosProtection": "false"},
		},
		{
			id: net + "/subnets/second", body: `{"properties":{"addressPrefix":"10.0.1.0/24"}}`,
			want: map[string]string{"properties.addressPrefix": "10.0.1.0/24", "properties.privateEndpointNetworkPolicies": "Disabled"},
		},
		{id: "Microsoft.Network/networkSecurityGroups/nsg", body: `{` + in + `}`, want: map[string]string{"properties.securityRules": "[]"}},
		{
			id: "Microsoft.Network/privateEndpoints/pe", body: `{` + in + `,"properties":{"subnet":{"id":"` + rg + net + `/subnets/second"},"privateLinkServiceConnections":[{"name":"c","properties":{"groupIds":["sites"]}}]}}`,
			want: map[string]string{
				"properties.networkInterfaces.0.id": rg + "Microsoft.Network/networkInterfaces/pe.nic", "properties.customDnsConfigs": "[]",
				"properties.privateLinkServiceConnections.0.properties.privateLinkServiceConnectionState.status": "Approved",
			},
		},
		{
			id: "Microsoft.Network/privateEndpoints/pe/privateDnsZoneGroups/default", body: `{"properties":{"privateDnsZoneConfigs":[{"name":"z"}]}}`,
			want: map[string]string{"properties.privateDnsZoneConfigs.0.name": "z"},
		},
		{id: "Microsoft.Network/networkInterfaces/nic", body: `{` + in + `}`, want: map[string]string{"properties.ipConfigurations": "[]"}},
		{id: zone, body: `{"location":"global"}`, want: map[string]string{"location": "global", "properties.numberOfRecordSets": "1"}},
		{id: zone + "/virtualNetworkLinks/link", body: `{"location":"global","properties":{}}`, want: map[string]string{"properties.virtualNetworkLinkState": "Completed"}},
		{id: zone + "/SOA/@", stay: true, body: `{"properties":{}}`, want: map[string]string{"properties.soaRecord.serialNumber": "1"}},
		{id: zone + "/A/app", body: `{"properties":{"ttl":300,"aRecords":[{"ipv4Address":"10.0.1.4"}]}}`, want: map[string]string{"properties.fqdn": "app.privatelink.azurewebsites.net."}},
		{id: zone + "/AAAA/app", body: `{"properties":{"ttl":300}}`, want: map[string]string{"properties.ttl": "300"}},
		{id: zone + "/CNAME/www", body: `{"properties":{"ttl":300}}`, want: map[string]string{"properties.isAutoRegistered": "false"}},
		{id: zone + "/TXT/note", body: `{"properties":{"ttl":300}}`, want: map[string]string{"properties.ttl": "300"}},
		{id: env, body: `{` + in + `,"properties":{}}`, want: map[string]string{"properties.defaultDomain": "env.westeurope.azurecontainerapps.io", "properties.staticIp": "*"}},
		{
			id: "Microsoft.App/containerApps/app", body: `{` + in + `,"properties":{"managedEnvironmentId":"` + rg + env + `","configuration":{"ingress":{"external":true},"secrets":[{"name":"hub","value":"v","identity":"","keyVaultUrl":""}]}}}`,
			want: map[string]string{"properties.configuration.ingress.fqdn": "app.env.westeurope.azurecontainerapps.io", "properties.latestRevisionName": "app--0000001"},
			does: []armAct{{call: "POST listSecrets", want: map[string]string{"value.0.name": "hub", "value.0.value": "v", "value.0.keyVaultUrl": "null", "value.0.identity": "null"}}},
		},
		{
			id: "Microsoft.App/jobs/job", body: `{` + in + `,"properties":{"environmentId":"` + rg + env + `"}}`,
			want: map[string]string{"properties.outboundIpAddresses": "[]"},
			does: []armAct{{call: "POST listSecrets", want: map[string]string{"value": "[]"}}},
		},
	}
}
