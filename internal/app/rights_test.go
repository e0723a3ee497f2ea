package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/restriction"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// application is the credential of the SDK by which the application ci signs in.
func (r *rig) application() azcore.TokenCredential {
	r.t.Helper()
	_, port, _ := strings.Cut(r.info.Addresses[instance.Identity], ":")
	c, err := azidentity.NewClientSecretCredential("adfs", keyClient, keySecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: azcore.ClientOptions{
		Transport: r.trusting(), Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: "https://localhost:" + port + "/"},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) trusting() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: r.tls(), DisableKeepAlives: true}}
}

const accessProject = `
eventHubs: {hubs: {a: {partitions: 1}, b: {partitions: 1}}}
cosmos: {databases: {db: {containers: {mine: {partitionKey: /k}, other: {partitionKey: /k}}}}}
identity: {applications: {ci: {clientId: ` + keyClient + `, secret: '` + keySecret + `'}}}
`

// TestHubRightsInForce: a client that is connected feels at once what becomes of
// its role, of the key it used, and of local authentication.
func TestHubRightsInForce(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, accessProject, nil, func(r *rig) {
		house := r.app.house
		_, port, _ := strings.Cut(r.info.Addresses[instance.AMQPS], ":")
		open := func(hub string) *azeventhubs.ProducerClient {
			p, err := azeventhubs.NewProducerClient("localhost:"+port, hub, r.application(), &azeventhubs.ProducerClientOptions{TLSConfig: r.tls(), RetryOptions: noRetries})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		byToken, beside := open("a"), open("b")
		byKey, err := azeventhubs.NewProducerClientFromConnectionString(r.manager(), "a", &azeventhubs.ProducerClientOptions{RetryOptions: noRetries})
		if err != nil {
			t.Fatal(err)
		}
		defer byToken.Close(context.Background())
		defer beside.Close(context.Background())
		defer byKey.Close(context.Background())
		soon := func(what string, p *azeventhubs.ProducerClient, want string) {
			t.Helper()
			began := time.Now()
			got := r.until(func() string { return outcome(sendWith(p), "sent") }, func(s string) bool { return s == want })
			if took := time.Since(began); got != want || took > 5*time.Second {
				t.Errorf("%s: %s after %v", what, got, took)
			}
		}
		const role, scope = "Azure Event Hubs Data Sender", "eventHubs/default/a"
		if _, err := house.Who.Assign("application:ci", role, scope); err != nil {
			t.Fatal(err)
		}
		soon("with the role", byToken, "sent")
		soon("another hub", beside, "unauthorized")
		if _, err := house.Who.Remove("application:ci", role, scope); err != nil {
			t.Fatal(err)
		}
		if _, err := house.Who.Assign("application:ci", role, "eventHubs/default/b"); err != nil { // so that roles are enforced
			t.Fatal(err)
		}
		soon("without the role", byToken, "unauthorized")
		soon("with a role on the other hub", beside, "sent")

		soon("with the key", byKey, "sent")
		change := func(edit func(p *eventhubs.NamespaceProperties) error) {
			t.Helper()
			err := house.Exists.UpdateAccount(house.Storage.namespace, func(old json.RawMessage) (json.RawMessage, error) {
				p, err := eventhubs.ReadNamespace(old)
				if err == nil {
					err = edit(&p)
				}
				return p.JSON(), err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		change(func(p *eventhubs.NamespaceProperties) error { p.DisableLocalAuth = true; return nil })
		soon("without local authentication", byKey, "unauthorized")
		soon("the token", beside, "sent")
		change(func(p *eventhubs.NamespaceProperties) error { p.DisableLocalAuth = false; return nil })
		soon("with it again", byKey, "sent")
		change(func(p *eventhubs.NamespaceProperties) error {
			owner, _ := p.Owner()
			return p.Regenerate(owner.Name, "", false)
		})
		soon("with the old key", byKey, "unauthorized")
	})
}

// TestNetworkRulesInForce: who is connected from where the namespace is not reached
// any more is cut off at once, on all links, and told why; who comes from elsewhere
// stays. With the old rules he comes in again.
func TestNetworkRulesInForce(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "privateListen: 127.0.0.2\neventHubs: {hubs: {a: {}}}\n", nil, func(r *rig) {
		address := r.info.Addresses[instance.AMQP]
		_, port, _ := strings.Cut(address, ":")
		owner, _ := r.info.Account(instance.Namespaces, resource.Default)
		open := func(at string) *amqp.Conn {
			t.Helper()
			c, err := amqp.Dial(t.Context(), at, amqp.DialConfig{Username: owner.Rule, Password: owner.Key, Hostname: "localhost"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close(nil) })
			return c
		}
		near, private := open(address), open("127.0.0.2:"+port)
		attach := func(c *amqp.Conn) error {
			s, err := c.Begin(t.Context())
			if err == nil {
				_, err = s.AttachSender(t.Context(), "l", "a", nil)
			}
			return err
		}
		if err := attach(near); err != nil {
			t.Fatal(err)
		}
		change := func(rules restriction.Rules) {
			t.Helper()
			house := r.app.house
			err := house.Exists.UpdateAccount(house.Storage.namespace, func(old json.RawMessage) (json.RawMessage, error) {
				p, err := eventhubs.ReadNamespace(old)
				p.Network = rules
				return p.JSON(), err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		change(restriction.Rules{Private: true})
		began := time.Now()
		select {
		case <-near.Done():
		case <-time.After(keyWait):
			t.Fatal("the connection lives on")
		}
		var told *amqp.Error
		if err := near.Err(); !errors.As(err, &told) || told.Condition != amqp.ErrUnauthorized || !strings.Contains(told.Description, "Ip has been prevented to connect") {
			t.Errorf("the connection ended with %v", err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := attach(private); err != nil {
			t.Errorf("by the private address: %v", err)
		}
		if got := r.produce(r.manager(), "a"); got != "unauthorized" {
			t.Errorf("a new connection: %s", got)
		}
		change(restriction.Rules{})
		if got := r.produce(r.manager(), "a"); got != "sent" {
			t.Errorf("with the old rules: %s", got)
		}
	})
}

// sendWith sends an event by a client that lives on.
func sendWith(p *azeventhubs.ProducerClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), keyWait)
	defer cancel()
	batch, err := p.NewEventDataBatch(ctx, nil)
	if err == nil {
		err = batch.AddEventData(&azeventhubs.EventData{Body: []byte("x")}, nil)
	}
	if err == nil {
		err = p.SendEventDataBatch(ctx, batch, nil)
	}
	return err
}

// TestDocumentRightsInForce: a role on one container opens it for the official
// client and nothing else; keys count as they are.
func TestDocumentRightsInForce(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, accessProject, nil, func(r *rig) {
		house := r.app.house
		const role, scope = "Cosmos DB Built-in Data Contributor", "cosmos/default/db/mine"
		if _, err := house.Who.Assign("application:ci", role, scope); err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(r.info.Addresses[instance.Cosmos], ":")
		client, err := azcosmos.NewClient("https://localhost:"+port, r.application(), &azcosmos.ClientOptions{ClientOptions: policy.ClientOptions{
			Transport: r.trusting(), Retry: policy.RetryOptions{MaxRetries: -1},
		}})
		if err != nil {
			t.Fatal(err)
		}
		upsert := func(container string) error {
			c, err := client.NewContainer("db", container)
			if err != nil {
				return err
			}
			_, err = c.UpsertItem(context.Background(), azcosmos.NewPartitionKeyString("k"), []byte(`{"id":"1","k":"k"}`), nil)
			return err
		}
		refused := func(what string, err error, part string) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := upsert("mine"); err != nil {
			t.Error(err)
		}
		refused("another container", upsert("other"), "items/upsert] on resource [dbs/db/colls/other]")
		_, err = client.NewQueryDatabasesPager("SELECT * FROM root", nil).NextPage(context.Background())
		refused("all databases", err, "readMetadata] on resource [/]")
		_, err = client.CreateDatabase(context.Background(), azcosmos.DatabaseProperties{ID: "new"}, nil)
		refused("a new database", err, "The given request [POST /dbs] cannot be authorized by AAD token in data plane.")
		if _, err := house.Who.Remove("application:ci", role, scope); err != nil {
			t.Fatal(err)
		}
		if _, err := house.Who.Assign("application:ci", role, "cosmos/default/db/other"); err != nil {
			t.Fatal(err)
		}
		refused("without the role", upsert("mine"), "items/upsert] on resource [dbs/db/colls/mine]")

		list := func(key string) int {
			code, _ := r.cosmos(r.url(instance.Cosmos), key, "GET", "dbs", "", "dbs", "")
			return code
		}
		keys := func() cosmos.AccountProperties {
			p, err := cosmos.ReadAccount(house.Exists.Properties(house.Storage.documents))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		old := keys()
		err = house.Exists.UpdateAccount(house.Storage.documents, func(text json.RawMessage) (json.RawMessage, error) {
			p, err := cosmos.ReadAccount(text)
			if err == nil {
				err = p.Regenerate(cosmos.PrimaryKey)
			}
			return p.JSON(), err
		})
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			key  string
			want int
		}{
			"the old key": {old.Primary, 401}, "the new key": {keys().Primary, 200},
			"the secondary key": {old.Secondary, 200}, "the read-only key": {old.PrimaryReadOnly, 200},
		} {
			if got := list(c.key); got != c.want {
				t.Errorf("%s: %d", what, got)
			}
		}
		if code, text := r.cosmos(r.url(instance.Cosmos), old.SecondaryReadOnly, "POST", "dbs", "", "dbs", `{"id":"new"}`); code != 403 {
			t.Errorf("a read-only key writes: %d %s", code, text)
		}
	})
}
