package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// cosmosKeys are the Cosmos DB account, asked over REST.
func cosmosKeys() map[string]keyCase {
	container := func(text string) string {
		return "cosmos: {databases: {db: {containers: {docs: {partitionKey: /k, " + text + "}}}}}"
	}
	account := func(pattern string) func(r *rig) string {
		return func(r *rig) string { return match(r.document("GET", "", "", "", ""), pattern) }
	}
	put := func(r *rig, body string) string {
		code, text := r.cosmos(r.url(instance.Cosmos), r.accountKey(), "POST", "docs", "dbs/db/colls/docs", "/docs", body,
			"x-ms-documentdb-partitionkey", `["a"]`)
		return orText(code, text)
	}
	return map[string]keyCase{
		"cosmos.port": {yaml: "cosmos: {port: PORT}", want: "200", probe: func(r *rig) string {
			code, text := r.cosmos(fmt.Sprint("http://127.0.0.1:", r.port), config.EmulatorCosmosKey, "GET", "", "", "", "")
			return orText(code, text)
		}},
		"cosmos.computePort": {yaml: "cosmos: {computePort: PORT}", want: "200", probe: func(r *rig) string {
			code, text := r.cosmos(fmt.Sprint("http://127.0.0.1:", r.port), config.EmulatorCosmosKey, "GET", "", "", "", "")
			return orText(code, text)
		}},
		"cosmos.key": {yaml: "cosmos: {key: " + ownKey + "}", want: "200", probe: func(r *rig) string {
			code, text := r.cosmos(r.url(instance.Cosmos), ownKey, "GET", "", "", "", "")
			return orText(code, text)
		}},
		"cosmos.secondaryKey": {yaml: "cosmos: {secondaryKey: " + ownKey + "}", want: "200", probe: func(r *rig) string {
			code, text := r.cosmos(r.url(instance.Cosmos), ownKey, "GET", "", "", "", "")
			return orText(code, text)
		}},
		"cosmos.disableLocalAuth": {yaml: "cosmos: {disableLocalAuth: true, key: " + ownKey + "}", want: "401", probe: func(r *rig) string {
			code, text := r.cosmos(r.url(instance.Cosmos), ownKey, "GET", "", "", "", "")
			return orText(code, text)
		}},
		"cosmos.autoCreate": {
			yaml:  oneHub + "cosmos: {autoCreate: true}\n" + jobInto("{container: made/docs}", "", ""),
			files: map[string]string{"j.asaql": copyQuery}, want: "1",
			probe: func(r *rig) string {
				r.send("readings", `{"x":1}`)
				return r.fields(1, func() string { return r.query("made", "docs", "SELECT VALUE c.x FROM c") })
			},
		},
		"cosmos.cacheMiB": {yaml: "cosmos: {cacheMiB: 7}", want: "7 MiB beside what is written", probe: func(r *rig) string {
			size := r.engineSetting(`cache_size=(\d+)`) - 2*r.engineSetting(`mem_table_size=(\d+)`)
			return fmt.Sprint(size>>20, " MiB beside what is written")
		}},
		"cosmos.strictGateway": {yaml: "cosmos: {strictGateway: true, databases: {db: {containers: {docs: {partitionKey: /k}}}}}", want: "401", probe: func(r *rig) string {
			code, text := r.cosmos(r.url(instance.Cosmos), config.EmulatorCosmosKey, "GET", "docs", "dbs/db/colls/docs/docs/a#b", "", "",
				"x-ms-documentdb-partitionkey", `["a"]`)
			return orText(code, text)
		}},
		"cosmos.endpoint":    {yaml: "cosmos: {endpoint: 'https://db.example.org:9/'}", want: "db.example.org:9", probe: account(`"databaseAccountEndpoint":"https://([^"/]*)`)},
		"cosmos.consistency": {yaml: "cosmos: {consistency: Eventual}", want: "Eventual", probe: account(`"defaultConsistencyLevel":"(\w+)"`)},
		"cosmos.databases.*.containers.*.partitionKey": {
			yaml: container("defaultTtl: -1"), want: `["/k"]`,
			probe: func(r *rig) string {
				return match(r.document("GET", "colls", "dbs/db/colls/docs", "", ""), `"partitionKey":{[^}]*"paths":(\[[^\]]*\])`)
			},
		},
		"cosmos.databases.*.containers.*.defaultTtl": {yaml: container("defaultTtl: 1"), want: "201 gone", probe: func(r *rig) string {
			done := put(r, `{"id":"1","k":"a"}`)
			left := r.until(func() string { return r.query("db", "docs", "SELECT VALUE c.id FROM c") }, func(s string) bool { return s == "" })
			if left == "" {
				left = "gone"
			}
			return done + " " + left
		}},
		"cosmos.databases.*.containers.*.uniqueKeys": {yaml: container("uniqueKeys: [[/name]]"), want: "201 409", probe: func(r *rig) string {
			return put(r, `{"id":"1","k":"a","name":"n"}`) + " " + put(r, `{"id":"2","k":"a","name":"n"}`)
		}},
		"cosmos.databases.*.containers.*.indexingPolicy": {
			yaml: container("indexingPolicy: {indexingMode: none, automatic: false}"), want: "none",
			probe: func(r *rig) string {
				return match(r.document("GET", "colls", "dbs/db/colls/docs", "", ""), `"indexingMode":"(\w+)"`)
			},
		},
	}
}

// match is what the pattern's group matches in the text, or all of it.
func match(text, pattern string) string {
	if found := regexp.MustCompile(pattern).FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return text
}

// document asks the account as its clients do, with the emulator's key.
func (r *rig) document(verb, kind, link, path, body string) string {
	code, text := r.cosmos(r.url(instance.Cosmos), r.accountKey(), verb, kind, link, path, body)
	if code != http.StatusOK {
		return fmt.Sprint(code, " ", text)
	}
	var compact json.RawMessage
	if err := json.Unmarshal([]byte(text), &compact); err != nil {
		return err.Error()
	}
	return string(compact)
}

// accountKey opens the account.
func (r *rig) accountKey() string {
	a, _ := r.info.Account(instance.CosmosAccounts, r.in)
	return a.Key
}

// cosmos sends a signed request to a resource's link, or to a path below it.
func (r *rig) cosmos(base, key, verb, kind, link, path, body string, headers ...string) (int, string) {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return 0, err.Error()
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.ToLower(verb) + "\n" + kind + "\n" + link + "\n" + strings.ToLower(date) + "\n\n"))
	token := url.QueryEscape("type=master&ver=1.0&sig=" + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if r.in != "" {
		headers = append(headers, "Host", r.in+".documents.azure.com")
	}
	return r.call(verb, base+(&url.URL{Path: "/" + link + path}).EscapedPath(), body,
		append(headers, "Authorization", token, "x-ms-date", date, "x-ms-version", "2018-12-31")...)
}

// engineSetting is a number in the key-value store's own file of settings.
func (r *rig) engineSetting(pattern string) int64 {
	files, err := filepath.Glob(filepath.Join(r.dir, ".lazuli", "kv", "OPTIONS-*"))
	if err != nil || len(files) == 0 {
		r.t.Errorf("no settings: %v", err)
		return 0
	}
	text, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		r.t.Error(err)
	}
	var n int64
	if _, err := fmt.Sscan(match(string(text), pattern), &n); err != nil {
		r.t.Error(err)
	}
	return n
}
