package sdk

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/eventhub/armeventhub"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

const project = `
arm: true
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
identity: {port: 0}
`

// place is where the SDKs find Azure: a subscription, and a group in it.
type place struct {
	subscription string
	group        string
	location     *string
	cred         azcore.TokenCredential
	options      *arm.ClientOptions
}

// token is a credential that has one already: its kinds are the matter of the
// suites of identity.
type token string

func (t token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// begin starts a lazuli with an empty group. The SDKs speak to
// management.azure.com, which leads to it.
func begin(t *testing.T) place {
	t.Helper()
	l := lab.Up(t, project)
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, l.Addresses["identity"])
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // trust is the matter of the suites of exec
	}}
	p := place{
		group: "sdk-rg", location: to.Ptr("koreacentral"), cred: token(developer(t, l)),
		options: &arm.ClientOptions{
			ClientOptions:         policy.ClientOptions{Transport: client, Retry: policy.RetryOptions{MaxRetries: -1}},
			DisableRPRegistration: true,
		},
	}
	p.subscription = p.first(t, client)
	groups, err := armresources.NewResourceGroupsClient(p.subscription, p.cred, p.options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := groups.CreateOrUpdate(t.Context(), p.group, armresources.ResourceGroup{Location: p.location}, nil); err != nil {
		t.Fatal(err)
	}
	return p
}

func developer(t *testing.T, l *lab.Lazuli) string {
	t.Helper()
	ask := url.URL{Scheme: "http", Host: l.Addresses["identity"], Path: "/msi/token"}
	ask.RawQuery = url.Values{"api-version": {"2019-08-01"}, "resource": {"https://management.azure.com/"}}.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ask.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-IDENTITY-HEADER", l.Tokens["identity"])
	var got struct {
		Token string `json:"access_token"`
	}
	read(t, http.DefaultClient, req, &got)
	return got.Token
}

// first is the id of the only subscription.
func (p place) first(t *testing.T, client *http.Client) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://management.azure.com/subscriptions?api-version=2022-12-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+string(p.cred.(token)))
	var got struct {
		Value []struct {
			ID string `json:"subscriptionId"`
		} `json:"value"`
	}
	read(t, client, req, &got)
	if len(got.Value) != 1 {
		t.Fatalf("%d subscriptions", len(got.Value))
	}
	return got.Value[0].ID
}

func read(t *testing.T, client *http.Client, req *http.Request, into any) {
	t.Helper()
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v", req.Method, req.URL, res.Status, err)
	}
}

// made waits for an operation that an SDK has begun.
func made[T any](t *testing.T, poller *runtime.Poller[T], err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	result, err := poller.PollUntilDone(t.Context(), &runtime.PollUntilDoneOptions{Frequency: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// had is what a call answered.
func had[T any](t *testing.T) func(T, error) T {
	return func(result T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

// refused demands an error of Azure's with a status and a code.
func refused(t *testing.T, err error, status int, code string) {
	t.Helper()
	var e *azcore.ResponseError
	if !errors.As(err, &e) || e.StatusCode != status || e.ErrorCode != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	p := begin(t)
	groups, err := armresources.NewResourceGroupsClient(p.subscription, p.cred, p.options)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, err = groups.Get(ctx, "no-such-rg", nil)
	refused(t, err, http.StatusNotFound, "ResourceGroupNotFound")
	group := had[armresources.ResourceGroupsClientCreateOrUpdateResponse](t)(groups.CreateOrUpdate(ctx, "Tagged-RG", armresources.ResourceGroup{
		Location: p.location, Tags: map[string]*string{"a": to.Ptr("b")},
	}, nil))
	if *group.Name != "Tagged-RG" || *group.Tags["a"] != "b" || *group.Location != "koreacentral" {
		t.Errorf("%+v", group)
	}
	if exists := had[armresources.ResourceGroupsClientCheckExistenceResponse](t)(groups.CheckExistence(ctx, "tagged-rg", nil)); !exists.Success {
		t.Error("a group is not found by its name in lower case")
	}
	poller, err := groups.BeginDelete(ctx, "tagged-rg", nil)
	made(t, poller, err)
	_, err = groups.Get(ctx, "Tagged-RG", nil)
	refused(t, err, http.StatusNotFound, "ResourceGroupNotFound")
}

func TestEventHubs(t *testing.T) {
	t.Parallel()
	p := begin(t)
	factory := had[*armeventhub.ClientFactory](t)(armeventhub.NewClientFactory(p.subscription, p.cred, p.options))
	ctx := t.Context()
	namespaces, hubs := factory.NewNamespacesClient(), factory.NewEventHubsClient()
	poller, err := namespaces.BeginCreateOrUpdate(ctx, p.group, "sdk-evhns", armeventhub.EHNamespace{
		Location: p.location, SKU: &armeventhub.SKU{Name: to.Ptr(armeventhub.SKUNameStandard), Tier: to.Ptr(armeventhub.SKUTierStandard), Capacity: to.Ptr[int32](1)},
	}, nil)
	ns := made(t, poller, err)
	if *ns.Properties.ProvisioningState != "Succeeded" || *ns.Properties.ServiceBusEndpoint != "https://sdk-evhns.servicebus.windows.net:443/" {
		t.Errorf("%+v", ns.Properties)
	}
	hub := had[armeventhub.EventHubsClientCreateOrUpdateResponse](t)(hubs.CreateOrUpdate(ctx, p.group, "sdk-evhns", "orders", armeventhub.Eventhub{
		Properties: &armeventhub.Properties{PartitionCount: to.Ptr[int64](3), MessageRetentionInDays: to.Ptr[int64](1)},
	}, nil))
	if len(hub.Properties.PartitionIDs) != 3 || *hub.Properties.Status != armeventhub.EntityStatusActive {
		t.Errorf("%+v", hub.Properties)
	}
	groups := factory.NewConsumerGroupsClient()
	had[armeventhub.ConsumerGroupsClientCreateOrUpdateResponse](t)(groups.CreateOrUpdate(ctx, p.group, "sdk-evhns", "orders", "readers", armeventhub.ConsumerGroup{}, nil))
	var names []string
	for pager := groups.NewListByEventHubPager(p.group, "sdk-evhns", "orders", nil); pager.More(); {
		for _, g := range had[armeventhub.ConsumerGroupsClientListByEventHubResponse](t)(pager.NextPage(ctx)).Value {
			names = append(names, *g.Name)
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{"$Default", "readers"}) {
		t.Errorf("consumer groups %v", names)
	}
	keys := had[armeventhub.NamespacesClientListKeysResponse](t)(namespaces.ListKeys(ctx, p.group, "sdk-evhns", "RootManageSharedAccessKey", nil))
	if !strings.HasPrefix(*keys.PrimaryConnectionString, "Endpoint=sb://sdk-evhns.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=") {
		t.Errorf("connection string %q", *keys.PrimaryConnectionString)
	}
	_, err = hubs.Get(ctx, p.group, "sdk-evhns", "none", nil)
	refused(t, err, http.StatusNotFound, "ResourceNotFound")
	gone, err := namespaces.BeginDelete(ctx, p.group, "sdk-evhns", nil)
	made(t, gone, err)
	_, err = namespaces.Get(ctx, p.group, "sdk-evhns", nil)
	refused(t, err, http.StatusNotFound, "ResourceNotFound")
}
