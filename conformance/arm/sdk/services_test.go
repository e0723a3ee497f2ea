package sdk

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/apimanagement/armapimanagement/v3"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/appservice/armappservice/v5"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/cosmos/armcosmos/v3"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
)

// me is the object id of who asks.
func (p place) me(t *testing.T) string {
	t.Helper()
	parts := strings.Split(string(p.cred.(token)), ".")
	var claims struct {
		OID string `json:"oid"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		t.Fatal("the token is no JWT")
	}
	return claims.OID
}

func TestCosmos(t *testing.T) {
	t.Parallel()
	p := begin(t)
	factory := had[*armcosmos.ClientFactory](t)(armcosmos.NewClientFactory(p.subscription, p.cred, p.options))
	ctx := t.Context()
	accounts, sql := factory.NewDatabaseAccountsClient(), factory.NewSQLResourcesClient()
	poller, err := accounts.BeginCreateOrUpdate(ctx, p.group, "sdk-cosmos", armcosmos.DatabaseAccountCreateUpdateParameters{
		Location: p.location,
		Properties: &armcosmos.DatabaseAccountCreateUpdateProperties{
			DatabaseAccountOfferType: to.Ptr("Standard"),
			Locations:                []*armcosmos.Location{{LocationName: p.location, FailoverPriority: to.Ptr[int32](0)}},
		},
	}, nil)
	account := made(t, poller, err)
	if *account.Properties.DocumentEndpoint != "https://sdk-cosmos.documents.azure.com:443/" {
		t.Errorf("endpoint %q", *account.Properties.DocumentEndpoint)
	}
	database, err := sql.BeginCreateUpdateSQLDatabase(ctx, p.group, "sdk-cosmos", "shop", armcosmos.SQLDatabaseCreateUpdateParameters{
		Properties: &armcosmos.SQLDatabaseCreateUpdateProperties{Resource: &armcosmos.SQLDatabaseResource{ID: to.Ptr("shop")}},
	}, nil)
	made(t, database, err)
	container, err := sql.BeginCreateUpdateSQLContainer(ctx, p.group, "sdk-cosmos", "shop", "orders", armcosmos.SQLContainerCreateUpdateParameters{
		Properties: &armcosmos.SQLContainerCreateUpdateProperties{Resource: &armcosmos.SQLContainerResource{
			ID: to.Ptr("orders"), PartitionKey: &armcosmos.ContainerPartitionKey{Paths: []*string{to.Ptr("/customer")}, Kind: to.Ptr(armcosmos.PartitionKindHash)},
		}},
	}, nil)
	made(t, container, err)
	got := had[armcosmos.SQLResourcesClientGetSQLContainerResponse](t)(sql.GetSQLContainer(ctx, p.group, "sdk-cosmos", "shop", "orders", nil))
	if r := got.Properties.Resource; *r.PartitionKey.Paths[0] != "/customer" || r.Etag == nil || r.Rid == nil {
		t.Errorf("%+v", r)
	}
	keys := had[armcosmos.DatabaseAccountsClientListKeysResponse](t)(accounts.ListKeys(ctx, p.group, "sdk-cosmos", nil))
	if keys.PrimaryMasterKey == nil || *keys.PrimaryMasterKey == "" || *keys.PrimaryMasterKey == *keys.PrimaryReadonlyMasterKey {
		t.Error("the account has no keys, or one for all")
	}
	gone, err := sql.BeginDeleteSQLContainer(ctx, p.group, "sdk-cosmos", "shop", "orders", nil)
	made(t, gone, err)
	ended, err := accounts.BeginDelete(ctx, p.group, "sdk-cosmos", nil)
	made(t, ended, err)
}

func TestStorage(t *testing.T) {
	t.Parallel()
	p := begin(t)
	factory := had[*armstorage.ClientFactory](t)(armstorage.NewClientFactory(p.subscription, p.cred, p.options))
	ctx := t.Context()
	accounts, containers := factory.NewAccountsClient(), factory.NewBlobContainersClient()
	free := func() bool {
		got := had[armstorage.AccountsClientCheckNameAvailabilityResponse](t)(accounts.CheckNameAvailability(ctx, armstorage.AccountCheckNameAvailabilityParameters{
			Name: to.Ptr("sdkstorage"), Type: to.Ptr("Microsoft.Storage/storageAccounts"),
		}, nil))
		return *got.NameAvailable
	}
	if !free() {
		t.Error("a name that nobody has is not available")
	}
	poller, err := accounts.BeginCreate(ctx, p.group, "sdkstorage", armstorage.AccountCreateParameters{
		Location: p.location, Kind: to.Ptr(armstorage.KindStorageV2), SKU: &armstorage.SKU{Name: to.Ptr(armstorage.SKUNameStandardLRS)},
	}, nil)
	account := made(t, poller, err)
	if *account.Properties.PrimaryEndpoints.Blob != "https://sdkstorage.blob.core.windows.net/" {
		t.Errorf("endpoint %q", *account.Properties.PrimaryEndpoints.Blob)
	}
	if free() {
		t.Error("a name that is taken is available")
	}
	had[armstorage.BlobContainersClientCreateResponse](t)(containers.Create(ctx, p.group, "sdkstorage", "pictures", armstorage.BlobContainer{}, nil))
	got := had[armstorage.BlobContainersClientGetResponse](t)(containers.Get(ctx, p.group, "sdkstorage", "pictures", nil))
	if *got.ContainerProperties.PublicAccess != armstorage.PublicAccessNone {
		t.Errorf("%+v", got.ContainerProperties)
	}
	keys := had[armstorage.AccountsClientListKeysResponse](t)(accounts.ListKeys(ctx, p.group, "sdkstorage", nil))
	if len(keys.Keys) != 2 || *keys.Keys[0].KeyName != "key1" || *keys.Keys[0].Value == "" {
		t.Errorf("keys %+v", keys.Keys)
	}
	had[armstorage.AccountsClientDeleteResponse](t)(accounts.Delete(ctx, p.group, "sdkstorage", nil))
	_, err = accounts.GetProperties(ctx, p.group, "sdkstorage", nil)
	refused(t, err, http.StatusNotFound, "ResourceNotFound")
}

func TestFunctionApp(t *testing.T) {
	t.Parallel()
	p := begin(t)
	factory := had[*armappservice.ClientFactory](t)(armappservice.NewClientFactory(p.subscription, p.cred, p.options))
	ctx := t.Context()
	plans, apps := factory.NewPlansClient(), factory.NewWebAppsClient()
	plan, err := plans.BeginCreateOrUpdate(ctx, p.group, "sdk-plan", armappservice.Plan{
		Location: p.location, Kind: to.Ptr("functionapp"), SKU: &armappservice.SKUDescription{Name: to.Ptr("Y1"), Tier: to.Ptr("Dynamic")},
		Properties: &armappservice.PlanProperties{Reserved: to.Ptr(true)},
	}, nil)
	planID := made(t, plan, err).ID
	app, err := apps.BeginCreateOrUpdate(ctx, p.group, "sdk-func", armappservice.Site{
		Location: p.location, Kind: to.Ptr("functionapp,linux"), Identity: &armappservice.ManagedServiceIdentity{Type: to.Ptr(armappservice.ManagedServiceIdentityTypeSystemAssigned)},
		Properties: &armappservice.SiteProperties{ServerFarmID: planID, SiteConfig: &armappservice.SiteConfig{
			LinuxFxVersion: to.Ptr("Python|3.11"), AppSettings: []*armappservice.NameValuePair{{Name: to.Ptr("FUNCTIONS_WORKER_RUNTIME"), Value: to.Ptr("python")}},
		}},
	}, nil)
	site := made(t, app, err)
	if *site.Properties.DefaultHostName != "sdk-func.azurewebsites.net" || site.Identity.PrincipalID == nil || *site.Properties.State != "Running" {
		t.Errorf("%+v", site.Properties)
	}
	had[armappservice.WebAppsClientUpdateApplicationSettingsResponse](t)(apps.UpdateApplicationSettings(ctx, p.group, "sdk-func", armappservice.StringDictionary{
		Properties: map[string]*string{"FUNCTIONS_WORKER_RUNTIME": to.Ptr("python"), "MARK": to.Ptr("here")},
	}, nil))
	settings := had[armappservice.WebAppsClientListApplicationSettingsResponse](t)(apps.ListApplicationSettings(ctx, p.group, "sdk-func", nil))
	if settings.Properties["MARK"] == nil || *settings.Properties["MARK"] != "here" {
		t.Errorf("settings %v", settings.Properties)
	}
	keys := had[armappservice.WebAppsClientListHostKeysResponse](t)(apps.ListHostKeys(ctx, p.group, "sdk-func", nil))
	if keys.MasterKey == nil || *keys.MasterKey == "" || keys.FunctionKeys["default"] == nil {
		t.Errorf("keys %+v", keys)
	}
	had[armappservice.WebAppsClientRestartResponse](t)(apps.Restart(ctx, p.group, "sdk-func", nil))
	had[armappservice.WebAppsClientDeleteResponse](t)(apps.Delete(ctx, p.group, "sdk-func", nil))
	had[armappservice.PlansClientDeleteResponse](t)(plans.Delete(ctx, p.group, "sdk-plan", nil))
}

func TestRoles(t *testing.T) {
	t.Parallel()
	p := begin(t)
	factory := had[*armauthorization.ClientFactory](t)(armauthorization.NewClientFactory(p.subscription, p.cred, p.options))
	ctx := t.Context()
	scope := "/subscriptions/" + p.subscription + "/resourceGroups/" + p.group
	pager := factory.NewRoleDefinitionsClient().NewListPager(scope, &armauthorization.RoleDefinitionsClientListOptions{Filter: to.Ptr("roleName eq 'Storage Blob Data Reader'")})
	found := had[armauthorization.RoleDefinitionsClientListResponse](t)(pager.NextPage(ctx)).Value
	if len(found) != 1 || *found[0].Name != "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1" {
		t.Fatalf("roles %v", found)
	}
	roles := factory.NewRoleAssignmentsClient()
	const name = "5d0f9b3e-0000-4000-8000-0123456789ab"
	made := had[armauthorization.RoleAssignmentsClientCreateResponse](t)(roles.Create(ctx, scope, name, armauthorization.RoleAssignmentCreateParameters{
		Properties: &armauthorization.RoleAssignmentProperties{RoleDefinitionID: found[0].ID, PrincipalID: to.Ptr(p.me(t))},
	}, nil))
	if *made.Properties.Scope != scope || made.Properties.PrincipalType == nil {
		t.Errorf("%+v", made.Properties)
	}
	_, err := roles.Create(ctx, scope, "6d0f9b3e-0000-4000-8000-0123456789ab", armauthorization.RoleAssignmentCreateParameters{Properties: &armauthorization.RoleAssignmentProperties{
		RoleDefinitionID: found[0].ID, PrincipalID: to.Ptr(p.me(t)),
	}}, nil)
	refused(t, err, http.StatusConflict, "RoleAssignmentExists")
	had[armauthorization.RoleAssignmentsClientDeleteResponse](t)(roles.Delete(ctx, scope, name, nil))
}

func TestAPIManagement(t *testing.T) {
	t.Parallel()
	p := begin(t)
	factory := had[*armapimanagement.ClientFactory](t)(armapimanagement.NewClientFactory(p.subscription, p.cred, p.options))
	ctx := t.Context()
	service, err := factory.NewServiceClient().BeginCreateOrUpdate(ctx, p.group, "sdk-apim", armapimanagement.ServiceResource{
		Location: p.location, SKU: &armapimanagement.ServiceSKUProperties{Name: to.Ptr(armapimanagement.SKUTypeConsumption), Capacity: to.Ptr[int32](0)},
		Properties: &armapimanagement.ServiceProperties{PublisherName: to.Ptr("me"), PublisherEmail: to.Ptr("me@example.com")},
	}, nil)
	if got := made(t, service, err); *got.Properties.GatewayURL != "https://sdk-apim.azure-api.net" {
		t.Errorf("gateway %q", *got.Properties.GatewayURL)
	}
	api, err := factory.NewAPIClient().BeginCreateOrUpdate(ctx, p.group, "sdk-apim", "shop", armapimanagement.APICreateOrUpdateParameter{
		Properties: &armapimanagement.APICreateOrUpdateProperties{
			Path: to.Ptr("shop"), DisplayName: to.Ptr("Shop"), ServiceURL: to.Ptr("https://example.com"), Protocols: []*armapimanagement.Protocol{to.Ptr(armapimanagement.ProtocolHTTPS)},
		},
	}, nil)
	made(t, api, err)
	had[armapimanagement.APIOperationClientCreateOrUpdateResponse](t)(factory.NewAPIOperationClient().CreateOrUpdate(ctx, p.group, "sdk-apim", "shop", "list", armapimanagement.OperationContract{
		Properties: &armapimanagement.OperationContractProperties{DisplayName: to.Ptr("List"), Method: to.Ptr("GET"), URLTemplate: to.Ptr("/orders")},
	}, nil))
	policies := factory.NewAPIPolicyClient()
	const document = "<policies><inbound><base /><rate-limit calls=\"5\" renewal-period=\"60\" /></inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"
	had[armapimanagement.APIPolicyClientCreateOrUpdateResponse](t)(policies.CreateOrUpdate(ctx, p.group, "sdk-apim", "shop", armapimanagement.PolicyIDNamePolicy, armapimanagement.PolicyContract{
		Properties: &armapimanagement.PolicyContractProperties{Format: to.Ptr(armapimanagement.PolicyContentFormatRawxml), Value: to.Ptr(document)},
	}, nil))
	_, err = policies.CreateOrUpdate(ctx, p.group, "sdk-apim", "shop", armapimanagement.PolicyIDNamePolicy, armapimanagement.PolicyContract{
		Properties: &armapimanagement.PolicyContractProperties{Format: to.Ptr(armapimanagement.PolicyContentFormatRawxml), Value: to.Ptr(strings.Replace(document, "rate-limit", "no-such-policy", 1))},
	}, nil)
	refused(t, err, http.StatusBadRequest, "ValidationError")
	subscriptions := factory.NewSubscriptionClient()
	had[armapimanagement.SubscriptionClientCreateOrUpdateResponse](t)(subscriptions.CreateOrUpdate(ctx, p.group, "sdk-apim", "clients", armapimanagement.SubscriptionCreateParameters{
		Properties: &armapimanagement.SubscriptionCreateParameterProperties{DisplayName: to.Ptr("clients"), Scope: to.Ptr("/apis/shop")},
	}, nil))
	keys := had[armapimanagement.SubscriptionClientListSecretsResponse](t)(subscriptions.ListSecrets(ctx, p.group, "sdk-apim", "clients", nil))
	if keys.PrimaryKey == nil || *keys.PrimaryKey == "" || *keys.PrimaryKey == *keys.SecondaryKey {
		t.Error("a subscription without two keys")
	}
	gone, err := factory.NewServiceClient().BeginDelete(ctx, p.group, "sdk-apim", nil)
	made(t, gone, err)
}
