package connect

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

// Thing is what a program wants to reach.
type Thing struct {
	Kind      string // hub, container, blobs, queue, table, function, gateway, manager or portal
	Hub       string
	Database  string
	Container string // of documents or of blobs
	Queue     string
	Table     string
	Function  string
	URL       string // of a function, or of an operation behind a gateway
	Method    string
	Keyed     bool   // the function, or the API, asks for a key
	KeyHeader string // in which an API wants it
	Gateway   string // name of the gateway of an API; "" is localhost's
	Path      string // of the operation, below the gateway
	In        Choice
}

// ofStorage reports whether the thing belongs to a storage account.
func (t Thing) ofStorage() bool { return t.Kind == "blobs" || t.Kind == "queue" || t.Kind == "table" }

// Snippet is how a language reaches a thing.
type Snippet struct {
	ID       string `json:"id"` // go, python, js, java, dotnet, cli, curl or env
	Name     string `json:"name"`
	Language string `json:"language"` // of the text, for its colours
	Install  string `json:"install"`  // command that gets the client, or ""
	Run      string `json:"run"`      // command that runs a file with the code, with what it must trust; or ""
	Code     string `json:"code"`     // with Secret in place of the key
}

//go:embed snippets
var files embed.FS

// language is a tab of the page.
type language struct{ id, name, text, ending string }

// languages are in the order in which they are shown.
var languages = [...]language{
	{"go", "Go", "go", "go"},
	{"python", "Python", "python", "py"},
	{"js", "JavaScript", "javascript", "mjs"},
	{"java", "Java", "java", "java"},
	{"dotnet", ".NET", "csharp", "cs"},
	{"cli", "CLI", "shell", "cli.sh"},
	{"curl", "curl", "shell", "curl.sh"},
	{"env", "env", "shell", "env"},
}

// installs are the commands that get a client, by kind and language.
var installs = map[string]string{
	"hub go": "go get github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2", "hub python": "pip install azure-eventhub",
	"hub js": "npm install @azure/event-hubs", "hub java": "com.azure:azure-messaging-eventhubs:5.18.4 or newer",
	"hub dotnet":   "dotnet add package Azure.Messaging.EventHubs",
	"container go": "go get github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos", "container python": "pip install azure-cosmos",
	"container js": "npm install @azure/cosmos", "container java": "com.azure:azure-cosmos:4.60.0 or newer",
	"container dotnet": "dotnet add package Microsoft.Azure.Cosmos",
	"blobs go":         "go get github.com/Azure/azure-sdk-for-go/sdk/storage/azblob", "blobs python": "pip install azure-storage-blob",
	"blobs js": "npm install @azure/storage-blob", "blobs java": "com.azure:azure-storage-blob:12.30.0 or newer",
	"blobs dotnet": "dotnet add package Azure.Storage.Blobs",
	"queue go":     "go get github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue", "queue python": "pip install azure-storage-queue",
	"queue js": "npm install @azure/storage-queue", "queue java": "com.azure:azure-storage-queue:12.25.0 or newer",
	"queue dotnet": "dotnet add package Azure.Storage.Queues",
	"table go":     "go get github.com/Azure/azure-sdk-for-go/sdk/data/aztables", "table python": "pip install azure-data-tables",
	"manager python": "pip install azure-identity azure-mgmt-resource",
	"table js":       "npm install @azure/data-tables", "table java": "com.azure:azure-data-tables:12.5.0 or newer",
	"table dotnet": "dotnet add package Azure.Data.Tables",
}

// Snippets returns the code for a thing, in every language that can reach it.
func (f Facts) Snippets(t Thing) ([]Snippet, error) {
	texts, err := template.New("").Funcs(template.FuncMap{"q": quote, "sh": shell}).ParseFS(files, "snippets/*.tmpl")
	if err != nil {
		return nil, err
	}
	data := struct {
		Thing
		Facts
		Connection, AccountConnection, StorageConnection, Secret string
	}{t, f, f.eventHubs(Secret), f.cosmos(Secret), f.StorageConnection(), Secret}
	var out []Snippet
	for _, l := range languages {
		file := texts.Lookup(t.Kind + "." + l.ending + ".tmpl")
		if file == nil {
			continue
		}
		var code strings.Builder
		if err := file.Execute(&code, data); err != nil {
			return nil, fmt.Errorf("snippet %s of a %s: %w", l.id, t.Kind, err)
		}
		out = append(out, Snippet{
			ID: l.id, Name: l.name, Language: l.text, Install: installs[t.Kind+" "+l.id], Run: f.run(t, l.id), Code: strings.TrimSpace(code.String()) + "\n",
		})
	}
	return out, nil
}

// run is the command that runs a file with the code. Only document clients need
// to trust anything: events and functions are reached without TLS. What has a name
// of its own is reached by it, and trusted, under lazuli exec.
func (f Facts) run(t Thing, language string) string {
	if t.Kind == "hub" && f.Namespace != "" || t.Kind == "container" && f.Account != "" || t.ofStorage() && !f.StorageIsLocal || t.Kind == "manager" {
		plain := map[string]string{"go": "go run .", "python": "python main.py", "js": "node main.mjs", "dotnet": "dotnet run", "java": "java Main.java"}[language]
		if plain == "" {
			return ""
		}
		return "lazuli exec --project " + shell(f.Project) + " -- " + plain
	}
	trust := func(name, file string) string {
		if t.Kind != "container" {
			return ""
		}
		return name + "=" + shell(file) + " "
	}
	switch language {
	case "go":
		return trust("SSL_CERT_FILE", f.CABundle) + "go run ."
	case "python":
		return trust("REQUESTS_CA_BUNDLE", f.CABundle) + "python main.py"
	case "js":
		return trust("NODE_EXTRA_CA_CERTS", f.CAFile) + "node main.mjs"
	case "dotnet":
		return trust("SSL_CERT_FILE", f.CABundle) + "dotnet run"
	case "java":
		if t.Kind == "container" {
			return "keytool -importcert -noprompt -alias lazuli -file " + shell(f.CAFile) + " -keystore trust.p12 -storepass changeit\n" +
				"java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit Main.java"
		}
	}
	return ""
}

// quote writes a text as all these languages read it between double quotes.
func quote(s string) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	return strings.TrimSpace(b.String()), err
}

// shell writes a text as one word of a POSIX shell.
func shell(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// EventHubsConnection is the connection string with Secret in place of the key.
func (f Facts) EventHubsConnection() string { return f.eventHubs(Secret) }

// CosmosConnection is the connection string with Secret in place of the key.
func (f Facts) CosmosConnection() string { return f.cosmos(Secret) }
