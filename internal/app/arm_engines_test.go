package app

func armStorageCases() []armCase {
	const account = "Microsoft.Storage/storageAccounts/contososa"
	service := map[string]string{"properties.cors.corsRules": "[]"}
	return []armCase{
		{
			id: account, body: `{"location":"westeurope","kind":"StorageV2","sku":{"name":"Standard_LRS"},"properties":{"allowSharedKeyAccess":true,"minimumTlsVersion":"TLS1_2","networkAcls":{"defaultAction":"Allow"}}}`,
			want: map[string]string{
				"sku.tier": "Standard", "properties.accessTier": "Hot", "properties.supportsHttpsTrafficOnly": "true", "properties.allowBlobPublicAccess": "false",
				"properties.primaryEndpoints.blob": "https://contososa.blob.core.windows.net/", "properties.primaryEndpoints.queue": "https://contososa.queue.core.windows.net/",
				"properties.primaryLocation": "westeurope", "properties.encryption.keySource": "Microsoft.Storage", "properties.isLocalUserEnabled": "false",
			},
			does: []armAct{
				{call: "POST listKeys", want: map[string]string{"keys.0.keyName": "key1", "keys.0.value": "*", "keys.0.permissions": "FULL"}},
				{call: "POST regenerateKey", body: `{"keyName":"key2"}`, want: map[string]string{"keys.1.value": "*"}},
			},
		},
		{id: account + "/blobServices/default", stay: true, body: `{"properties":{"isVersioningEnabled":true,"deleteRetentionPolicy":{"enabled":true,"days":7}}}`, want: map[string]string{
			"properties.deleteRetentionPolicy.days": "7", "properties.isVersioningEnabled": "true", "properties.containerDeleteRetentionPolicy.enabled": "false",
		}},
		{id: account + "/blobServices/default/containers/deployments", body: `{"properties":{"publicAccess":"None","metadata":{"a":"b"}}}`, want: map[string]string{
			"properties.publicAccess": "None", "properties.metadata.a": "b", "properties.hasLegalHold": "false", "properties.defaultEncryptionScope": "$account-encryption-key",
		}},
		{id: account + "/fileServices/default", stay: true, body: `{"properties":{}}`, want: service},
		{id: account + "/queueServices/default", stay: true, body: `{"properties":{}}`, want: service},
		{id: account + "/queueServices/default/queues/orders", body: `{"properties":{"metadata":{"a":"b"}}}`, want: map[string]string{"properties.metadata.a": "b"}},
		{id: account + "/tableServices/default", stay: true, body: `{"properties":{}}`, want: service},
		{id: account + "/tableServices/default/tables/Orders", body: `{"properties":{}}`, want: map[string]string{"properties.tableName": "Orders"}},
	}
}

func armCosmosCases() []armCase {
	const account = "Microsoft.DocumentDB/databaseAccounts/contoso-cosmos"
	offer := map[string]string{"properties.resource.throughput": "500", "properties.resource.minimumThroughput": "400"}
	return []armCase{
		{
			id: account, body: `{"location":"westeurope","kind":"GlobalDocumentDB","properties":{"databaseAccountOfferType":"Standard","locations":[{"locationName":"westeurope","failoverPriority":0}],"consistencyPolicy":{"defaultConsistencyLevel":"Session"},"capabilities":[]}}`,
			want: map[string]string{
				"properties.documentEndpoint": "https://contoso-cosmos.documents.azure.com:443/", "properties.writeLocations.0.locationName": "westeurope",
				"properties.failoverPolicies.0.id": "contoso-cosmos-westeurope", "properties.consistencyPolicy.maxIntervalInSeconds": "5",
				"properties.backupPolicy.periodicModeProperties.backupStorageRedundancy": "Geo", "properties.minimalTlsVersion": "Tls12",
			},
			does: []armAct{
				{call: "POST listKeys", want: map[string]string{"primaryMasterKey": "*", "secondaryReadonlyMasterKey": "*"}},
				{call: "POST readonlykeys", want: map[string]string{"primaryReadonlyMasterKey": "*"}},
				{call: "POST listConnectionStrings", want: map[string]string{"connectionStrings.0.description": "Primary SQL Connection String", "connectionStrings.3.connectionString": "*"}},
				{call: "POST regenerateKey", body: `{"keyKind":"secondary"}`},
			},
		},
		{id: account + "/sqlDatabases/db", body: `{"properties":{"resource":{"id":"db"},"options":{"throughput":400}}}`, want: map[string]string{"properties.resource.id": "db", "properties.resource._rid": "*"}},
		{id: account + "/sqlDatabases/db/throughputSettings/default", stay: true, body: `{"properties":{"resource":{"throughput":500}}}`, want: offer},
		{
			id: account + "/sqlDatabases/db/containers/events", body: `{"properties":{"resource":{"id":"events","partitionKey":{"paths":["/deviceId"],"kind":"Hash","version":2},"defaultTtl":60},"options":{"throughput":400}}}`,
			want: map[string]string{"properties.resource.partitionKey.paths": `["/deviceId"]`, "properties.resource.defaultTtl": "60", "properties.resource._etag": "*", "properties.resource.indexingPolicy.indexingMode": "consistent"},
		},
		{id: account + "/sqlDatabases/db/containers/plain", body: `{"properties":{"resource":{"id":"plain","partitionKey":{"paths":["/id"],"kind":"Hash"}},"options":{}}}`, want: map[string]string{
			"properties.resource.partitionKey.version": "null", "properties.resource.partitionKey.kind": "Hash",
		}},
		{id: account + "/sqlDatabases/db/containers/events/throughputSettings/default", stay: true, body: `{"properties":{"resource":{"throughput":500}}}`, want: offer},
		{id: account + "/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001", fixed: true, want: map[string]string{"properties.roleName": "Cosmos DB Built-in Data Reader", "properties.type": "BuiltInRole"}},
		{
			id:   account + "/sqlRoleAssignments/33333333-3333-3333-3333-333333333333",
			body: `{"properties":{"roleDefinitionId":"/S/resourceGroups/rg/providers/` + account + `/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002","principalId":"DEVELOPER","scope":"/S/resourceGroups/rg/providers/` + account + `"}}`,
			want: map[string]string{"properties.principalId": "*", "properties.scope": "/S/resourceGroups/rg/providers/" + account},
		},
	}
}

func armAccessCases() []armCase {
	return []armCase{
		{id: "Microsoft.ManagedIdentity/userAssignedIdentities/mine", body: `{"location":"westeurope"}`, want: map[string]string{"properties.clientId": "*", "properties.principalId": "*", "properties.tenantId": "*"}},
		{id: "/S/providers/Microsoft.Authorization/roleDefinitions/2b629674-e913-4c01-ae53-ef4638d8f975", fixed: true, want: map[string]string{
			"properties.roleName": "Azure Event Hubs Data Sender", "properties.type": "BuiltInRole", "properties.createdOn": "*",
		}},
		{
			id: "Microsoft.EventHub/namespaces/contoso-evhns/providers/Microsoft.Authorization/roleAssignments/44444444-4444-4444-4444-444444444444", made: 201, gone: 200,
			body: `{"properties":{"roleDefinitionId":"/S/providers/Microsoft.Authorization/roleDefinitions/2b629674-e913-4c01-ae53-ef4638d8f975","principalId":"DEVELOPER"}}`,
			want: map[string]string{"properties.principalType": "User", "properties.scope": "/S/resourceGroups/rg/providers/Microsoft.EventHub/namespaces/contoso-evhns"},
		},
	}
}
