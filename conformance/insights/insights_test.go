// Package insights runs the vendor's telemetry libraries and query client against a
// running lazuli.
package insights

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// How many tests our own suites have; a suite must not shrink unseen.
const pythonTests = 14

const (
	ci     = "11111111-2222-3333-4444-555555555555"
	secret = "a secret of forty-one letters more or less"
)

const project = `
arm: true
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
gateway: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
applicationInsights: {port: 0}
identity:
  port: 0
  applications: {ci: {clientId: ` + ci + `, secret: ` + secret + `}}
`

// scriptEnv starts lazuli and tells a suite where to send and to ask.
func scriptEnv(t *testing.T) []string {
	t.Helper()
	return libraries(t, lab.Up(t, project))
}

// libraries are the variables by which the vendor's libraries send and ask.
func libraries(t *testing.T, l *lab.Lazuli) []string {
	t.Helper()
	var info struct {
		Tenant   string
		Accounts []struct{ Type, Name, Key string }
	}
	text, err := os.ReadFile(filepath.Join(l.Dir, ".lazuli", "run.json"))
	if err == nil {
		err = json.Unmarshal(text, &info)
	}
	key := ""
	for _, a := range info.Accounts {
		if a.Type == "Microsoft.Insights/components" && a.Name == "default" {
			key = a.Key
		}
	}
	if err != nil || key == "" || info.Tenant == "" {
		t.Fatal("the instance file tells no component or no tenant: ", err)
	}
	at := "http://" + l.LocalHost(t, "insights") // as lazuli env says it
	return []string{
		"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=" + key + ";IngestionEndpoint=" + at + ";LiveEndpoint=" + at,
		"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL=true", "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED=true", "APPLICATIONINSIGHTS_SDKSTATS_DISABLED=true",
		"APPLICATION_INSIGHTS_NO_STATSBEAT=1",
		"INSIGHTS=https://" + l.LocalHost(t, "insights"), "TENANT=" + info.Tenant, "ISSUER=https://" + l.LocalHost(t, "identity"),
		"REQUESTS_CA_BUNDLE=" + l.CAFile, "NODE_EXTRA_CA_CERTS=" + l.CAFile, "CI_CLIENT_ID=" + ci, "CI_SECRET=" + secret,
	}
}

// TestPython runs our tests on azure-monitor-opentelemetry and azure-monitor-query.
func TestPython(t *testing.T) {
	t.Parallel()
	if results, ok := lab.RunPython(t, "insights-python", filepath.Join(lab.Root(), "insights", "python"), 2, scriptEnv(t)); ok {
		lab.Check(t, "insights-python", results, pythonTests)
	}
}
