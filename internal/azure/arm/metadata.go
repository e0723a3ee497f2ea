package arm

import "net/http"

// metadata describes the cloud to clients. Without "cloudEndpoint" azurerm does not
// check locations; with another identity provider or tenant it would take this for
// Azure Stack.
func (e *exchange) metadata() error {
	if e.r.Method != http.MethodGet && e.r.Method != http.MethodHead {
		return notAllowed(e.r.Method)
	}
	base := e.base
	cloud := map[string]any{
		"name":            "Lazuli",
		"resourceManager": base,
		"portal":          base,
		"authentication": map[string]any{
			"loginEndpoint": base, "identityProvider": "AAD", "tenant": "common",
			"audiences": []string{"https://management.azure.com/", "https://management.core.windows.net/"},
		},
		"graph": base + "/graph/", "graphAudience": "https://graph.windows.net/",
		"microsoftGraphResourceId":              base + "/",
		"activeDirectoryDataLake":               "https://datalake.azure.net/",
		"batch":                                 "https://batch.core.windows.net/",
		"media":                                 "https://rest.media.azure.net",
		"gallery":                               base,
		"sqlManagement":                         base,
		"vmImageAliasDoc":                       base + "/metadata/aliases",
		"logAnalyticsResourceId":                "https://api.loganalytics.io",
		"appInsightsResourceId":                 "https://api.applicationinsights.io",
		"ossrdbmsResourceId":                    "https://ossrdbms-aad.database.windows.net",
		"synapseAnalyticsResourceId":            "https://dev.azuresynapse.net",
		"attestationResourceId":                 "https://attest.azure.net",
		"appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
		"suffixes": map[string]string{
			"storage": e.s.StorageSuffix, "keyVaultDns": "vault.azure.net", "sqlServerHostname": "database.windows.net",
			"azureDataLakeStoreFileSystem": "azuredatalakestore.net", "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
			"acrLoginServer": "azurecr.io", "mhsmDns": "managedhsm.azure.net", "storageSyncEndpointSuffix": "afs.azure.net",
			"azureFrontDoorEndpointSuffix": "azurefd.net", "mysqlServerEndpoint": "mysql.database.azure.com",
			"postgresqlServerEndpoint": "postgres.database.azure.com", "mariadbServerEndpoint": "mariadb.database.azure.com",
			"synapseAnalytics": "dev.azuresynapse.net", "attestationEndpoint": "attest.azure.net",
		},
	}
	switch v := e.query.Get("api-version"); {
	case v < "2019-05-01":
		return e.write(http.StatusOK, map[string]any{
			"galleryEndpoint": base, "graphEndpoint": base + "/graph/", "portalEndpoint": base, "graphAudience": "https://graph.windows.net/",
			"authentication": map[string]any{"loginEndpoint": base, "audiences": []string{"https://management.azure.com/"}},
		})
	case v < "2022-09-01":
		return e.write(http.StatusOK, []any{cloud})
	}
	return e.write(http.StatusOK, cloud)
}
