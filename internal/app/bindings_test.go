package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// vendorKind is a kind of binding of the vendor's Python and Node libraries, with all
// properties that these have for it and a value of each. need is what a declaration
// cannot do without.
type vendorKind struct {
	typ, direction, need string
	properties           map[string]string
}

// kafkaProperties are those that the trigger and the output have in common.
var kafkaProperties = map[string]string{
	"avroSchema": `"{}"`, "keyAvroSchema": `"{}"`, "keyDataType": `"STRING"`, "username": `"u"`, "password": `"p"`,
	"sslKeyLocation": `"key.pem"`, "sslCaLocation": `"ca.pem"`, "sslCertificateLocation": `"c.pem"`, "sslKeyPassword": `"p"`,
	"sslCertificatePem": `"c"`, "sslKeyPem": `"k"`, "sslCaPem": `"c"`, "sslCertificateAndKeyPem": `"b"`,
	"schemaRegistryUrl": `"u"`, "schemaRegistryUsername": `"u"`, "schemaRegistryPassword": `"p"`,
	"oAuthBearerMethod": `"OIDC"`, "oAuthBearerClientId": `"i"`, "oAuthBearerClientSecret": `"s"`, "oAuthBearerScope": `"s"`,
	"oAuthBearerTokenEndpointUrl": `"u"`, "oAuthBearerExtensions": `"e"`, "authenticationMode": `"PLAIN"`, "protocol": `"SASLSSL"`,
}

func with(base map[string]string, more map[string]string) map[string]string {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

// vendorKinds are the kinds of azure-functions 2.3 and @azure/functions 4.16, both
// spellings of each property; what only older files have stands behind.
var vendorKinds = []vendorKind{
	{"timerTrigger", "in", `"schedule":"0 * * * * *"`, map[string]string{"runOnStartup": "true", "useMonitor": "false", "dataType": `"binary"`}},
	{"eventHubTrigger", "in", `"eventHubName":"h","connection":"EH"`, map[string]string{"cardinality": `"many"`, "consumerGroup": `"g"`, "dataType": `"binary"`, "path": `"h"`, "sdkBinding": "true"}},
	{"eventHub", "out", `"eventHubName":"h","connection":"EH"`, map[string]string{"dataType": `"binary"`, "path": `"h"`, "partitionKeyPath": `"/a"`}},
	{"cosmosDBTrigger", "in", `"databaseName":"d","containerName":"c","connection":"DB"`, map[string]string{
		"leaseConnection": `"DB"`, "leaseDatabaseName": `"d"`, "leaseContainerName": `"l"`, "createLeaseContainerIfNotExists": "true", "leasesContainerThroughput": "400",
		"leaseContainerPrefix": `"p"`, "feedPollDelay": "5000", "leaseAcquireInterval": "13000", "leaseExpirationInterval": "60000", "leaseRenewInterval": "17000",
		"maxItemsPerInvocation": "10", "startFromBeginning": "true", "startFromTime": `"2026-01-31T00:00:00Z"`, "preferredLocations": `"West Europe"`, "changeFeedMode": `"AllVersionsAndDeletes"`,
		"dataType": `"string"`, "collectionName": `"c"`, "connectionStringSetting": `"DB"`, "leaseCollectionName": `"l"`, "leaseConnectionStringSetting": `"DB"`, "leaseCollectionPrefix": `"p"`,
		"createLeaseCollectionIfNotExists": "true", "leasesCollectionThroughput": "400", "checkpointInterval": "1", "checkpointDocumentCount": "1",
	}},
	{"cosmosDB", "in", `"databaseName":"d","containerName":"c","connection":"DB"`, map[string]string{
		"id": `"i"`, "partitionKey": `"p"`, "sqlQuery": `"SELECT * FROM c"`, "preferredLocations": `"West Europe"`, "dataType": `"binary"`, "collectionName": `"c"`, "connectionStringSetting": `"DB"`,
	}},
	{"cosmosDB", "out", `"databaseName":"d","containerName":"c","connection":"DB"`, map[string]string{
		"createIfNotExists": "true", "partitionKey": `"/p"`, "containerThroughput": "400", "preferredLocations": `"West Europe"`, "dataType": `"string"`,
		"collectionName": `"c"`, "connectionStringSetting": `"DB"`, "collectionThroughput": "400", "useMultipleWriteLocations": "true",
	}},
	{"queueTrigger", "in", `"queueName":"abc","connection":"ST"`, map[string]string{"dataType": `"binary"`, "cardinality": `"many"`}},
	{"queue", "out", `"queueName":"abc","connection":"ST"`, map[string]string{"dataType": `"binary"`}},
	{"blobTrigger", "in", `"path":"abc/{n}","connection":"ST"`, map[string]string{"source": `"EventGrid"`, "dataType": `"binary"`, "sdkBinding": "true", "properties": `{"supportsDeferredBinding":true}`}},
	{"blob", "in", `"path":"abc/n","connection":"ST"`, map[string]string{"dataType": `"binary"`, "sdkBinding": "true", "properties": `{"supportsDeferredBinding":true}`}},
	{"blob", "out", `"path":"abc/n","connection":"ST"`, map[string]string{"dataType": `"binary"`}},
	{"table", "in", `"tableName":"abc","connection":"ST"`, map[string]string{"partitionKey": `"p"`, "rowKey": `"r"`, "take": "5", "filter": `"a eq 1"`, "dataType": `"string"`}},
	{"table", "out", `"tableName":"abc","connection":"ST"`, map[string]string{"partitionKey": `"p"`, "rowKey": `"r"`, "dataType": `"string"`}},
	{"kafkaTrigger", "in", `"topic":"t","brokerList":"b:9092"`, with(kafkaProperties, map[string]string{
		"consumerGroup": `"g"`, "cardinality": `"many"`, "lagThreshold": "1000", "dataType": `"binary"`, "eventHubConnectionString": `"x"`,
	})},
	{"kafka", "out", `"topic":"t","brokerList":"b:9092"`, with(kafkaProperties, map[string]string{
		"maxMessageBytes": "1000000", "batchSize": "10000", "enableIdempotence": "true", "messageTimeoutMs": "300000", "requestTimeoutMs": "5000", "maxRetries": "5", "lingerMs": "5", "dataType": `"string"`,
	})},
	{"serviceBusTrigger", "in", `"queueName":"q","connection":"SB"`, map[string]string{
		"accessRights": `"listen"`, "isSessionsEnabled": "true", "cardinality": `"many"`, "autoCompleteMessages": "false", "dataType": `"binary"`, "sdkBinding": "true", "autoComplete": "false",
	}},
	{"serviceBusTrigger", "in", `"topicName":"t","subscriptionName":"s","connection":"SB"`, map[string]string{"isSessionsEnabled": "true"}},
	{"serviceBus", "out", `"queueName":"q","connection":"SB"`, map[string]string{"accessRights": `"manage"`, "dataType": `"string"`}},
	{"serviceBus", "out", `"topicName":"t","connection":"SB"`, map[string]string{"subscriptionName": `"s"`}},
	{"eventGridTrigger", "in", "", nil},
	{"eventGrid", "out", "", nil},
	{"sqlTrigger", "in", "", nil},
	{"sql", "in", "", nil},
	{"sql", "out", "", nil},
	{"mysqlTrigger", "in", "", nil},
	{"mysql", "in", "", nil},
	{"mysql", "out", "", nil},
	{"webPubSubTrigger", "in", "", nil},
	{"webPubSub", "out", "", nil},
	{"webPubSubConnection", "in", "", nil},
	{"webPubSubContext", "in", "", nil},
	{"mcpToolTrigger", "in", "", nil},
	{"connectorTrigger", "in", "", nil},
	{"orchestrationTrigger", "in", "", nil},
	{"activityTrigger", "in", "", nil},
	{"entityTrigger", "in", "", nil},
	{"durableClient", "in", "", nil},
	{"signalRTrigger", "in", "", nil},
	{"rabbitMQTrigger", "in", "", nil},
	{"sendGrid", "out", "", nil},
}

// TestBindingProperties: every property of every kind of the vendor's libraries is
// heeded, said to have no effect, or refused by name; none passes in silence, nor does
// one that nobody has heard of. The golden says which is which.
func TestBindingProperties(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	var got strings.Builder
	c := keyCase{yaml: "functions: {apps: {one: {path: ., disabled: true}}}", probe: func(r *rig) string { bindingProperties(t, r.app.house, &got); return "ran" }}
	if said := c.run(t, "", false); said != "ran" {
		t.Fatal(said)
	}
	golden := filepath.Join("testdata", "bindings.txt")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("what becomes of properties is not what %s says (UPDATE=1 writes it):\n%s", golden, got.String())
	}
}

func bindingProperties(t *testing.T, e *env, out *strings.Builder) {
	for _, k := range vendorKinds {
		fmt.Fprintf(out, "%s %s %s\n", k.typ, k.direction, k.need)
		if err := setUpBinding(t, e, k, ""); err != nil {
			fmt.Fprintf(out, "  refused: %s\n", firstLine(err.Error()))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(k.properties)) {
			fmt.Fprintf(out, "  %s %s\n", name, becomes(t, e, k, name, k.properties[name]))
		}
		if said := becomes(t, e, k, "lazuliUnknown", `"x"`); !strings.HasPrefix(said, "ignored") {
			t.Errorf("%s %s: an unknown property is %s", k.typ, k.direction, said)
		}
	}
}

// firstLine leaves out what names the kinds that there are.
func firstLine(s string) string {
	first, _, _ := strings.Cut(s, ";")
	return first
}

// becomes says what a property does to a declaration.
func becomes(t *testing.T, e *env, k vendorKind, name, value string) string {
	b := declaration(t, k, `,"`+name+`":`+value)
	if err := make1(e, k, b); err != nil {
		return "refused: " + err.Error()
	}
	if err := b.Unmet(); err != nil {
		return "refused: " + err.Error()
	}
	for _, n := range b.Notes() {
		if strings.EqualFold(n.Property, name) {
			return "ignored: " + n.Why
		}
	}
	return "heeded"
}

func declaration(t *testing.T, k vendorKind, more string) *binding.Binding {
	need := k.need
	if need != "" {
		need = "," + need
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(more, ","), ":")
	if strings.Contains(need, name+":") { // given anew
		more = ""
	}
	return endtest.Parse(t, `{"name":"b","type":"`+k.typ+`","direction":"`+k.direction+`"`+need+more+`}`)
}

func setUpBinding(t *testing.T, e *env, k vendorKind, more string) error {
	return make1(e, k, declaration(t, k, more))
}

// make1 sets a binding up as the host does.
func make1(e *env, k vendorKind, b *binding.Binding) error {
	set := settings.New(map[string]string{
		"EH": "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true",
		"DB": "AccountEndpoint=https://localhost:8081/;AccountKey=a2V5", "ST": "UseDevelopmentStorage=true",
		"SB": "Endpoint=sb://mine.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=dg==",
	})
	config, err := hostjson.Default(nil)
	if err != nil {
		return err
	}
	switch {
	case b.IsTrigger():
		kind, err := e.Given.Triggers.Find(b)
		if err != nil {
			return err
		}
		_, err = kind.New(trigger.Setup{
			Function: "f", Binding: b, Settings: set, Config: config, Owner: "o", HostID: "h", Log: testkit.Discard(),
			Checkpointed: func(trigger.Checkpoint) {}, Waits: func(string) {},
		})
		return err
	case b.Direction == binding.In:
		kind, err := e.Given.Inputs.Find(b)
		if err != nil {
			return err
		}
		_, err = kind.New(input.Setup{Binding: b, Settings: set})
		return err
	}
	kind, err := e.Given.Outputs.Find(b)
	if err != nil {
		return err
	}
	b.Heeds("dataType")
	_, err = kind.New(output.Setup{Binding: b, Settings: set, Config: config, Function: "f", Log: testkit.Discard()})
	return err
}
