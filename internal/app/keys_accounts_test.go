package app

import (
	"strings"
	"testing"
)

const (
	keyNamespace = "contoso-evhns"
	keyAccount   = "contoso-cosmos"
)

// namespaceKeys are those of the default namespace, said of another one.
func namespaceKeys() map[string]keyCase {
	return named(hubKeys(), "eventHubs", "namespaces", keyNamespace,
		"autoCreate", "rules.*.name", "rules.*.key", "rules.*.secondaryKey", "rules.*.rights", "rules.*.hub", "disableLocalAuth",
		"hubs.*.partitions", "hubs.*.retention", "hubs.*.retentionMiB", "hubs.*.consumerGroups")
}

// accountKeys are those of the default account, said of another one.
func accountKeys() map[string]keyCase {
	const container = "databases.*.containers.*."
	return named(cosmosKeys(), "cosmos", "accounts", keyAccount,
		"key", "secondaryKey", "disableLocalAuth", "autoCreate", "consistency",
		container+"partitionKey", container+"defaultTtl", container+"uniqueKeys", container+"indexingPolicy")
}

// named moves cases of a section's own keys below a name.
func named(cases map[string]keyCase, section, list, name string, keys ...string) map[string]keyCase {
	all := map[string]keyCase{}
	for _, key := range keys {
		c := cases[section+"."+key]
		begin := strings.Index(c.yaml, section+": {") + len(section+": {")
		end := begin + closing(c.yaml[begin:])
		c.yaml = c.yaml[:begin] + list + ": {" + name + ": {" + c.yaml[begin:end] + "}}" + c.yaml[end:]
		c.yaml = strings.ReplaceAll(c.yaml, "{container: made/docs}", "{container: made/docs, account: "+name+"}")
		c.in = name
		all[section+"."+list+".*."+key] = c
	}
	return all
}

// closing is where the brace is closed that was opened before the text.
func closing(text string) int {
	depth := 1
	for i, c := range text {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return len(text)
}

// elsewhere are a job's ends in a namespace and an account that are not the
// default ones.
func elsewhere() map[string]keyCase {
	const in = "eventHubs: {hubs: {readings: {partitions: 1}, sent: {partitions: 1}}, namespaces: {" + keyNamespace + ": {hubs: {readings: {partitions: 1}, sent: {partitions: 1}}}}}\n"
	whole := query("SELECT * INTO out FROM readings")
	documents := func(r *rig) string {
		r.send("readings", `{"x":"1","k":"a"}`)
		r.in = keyAccount
		return r.fields(1, func() string { return r.query("db", "docs", "SELECT VALUE c.x FROM c") })
	}
	const bases = "cosmos: {databases: {db: {containers: {docs: {partitionKey: /k}}}}, accounts: {" + keyAccount + ": {databases: {db: {containers: {docs: {partitionKey: /k}}}}}}}\n"
	return map[string]keyCase{
		"stream.jobs.*.inputs.*.namespace": {
			yaml: in + jobInto("{file: out.jsonl}", ", namespace: "+keyNamespace, ""), files: query(copyQuery), in: keyNamespace,
			want: `{"x":1}`, probe: rows(1, `{"x":1}`),
		},
		"stream.jobs.*.outputs.*.namespace": {
			yaml: in + jobInto("{hub: sent, namespace: "+keyNamespace+"}", "", ""), files: query(copyQuery), want: `{"x":1}`,
			probe: func(r *rig) string {
				r.send("readings", `{"x":1}`)
				r.in = keyNamespace
				return r.fields(1, func() string {
					all := r.events("sent")
					if len(all) == 0 {
						return ""
					}
					return all[0].Body
				})
			},
		},
		"stream.jobs.*.outputs.*.account": {
			yaml: oneHub + bases + jobInto("{container: db/docs, account: "+keyAccount+"}", "", ""), files: whole, want: "1", probe: documents,
		},
		"stream.jobs.*.inputs.*.reference.account": {
			yaml:  oneHub + bases + "stream: {jobs: {j: {query: j.asaql, outputs: {out: {file: out.jsonl}}, inputs: {readings: {hub: readings}, names: {reference: {container: db/docs, account: " + keyAccount + "}}}}}}",
			files: map[string]string{"j.asaql": "SELECT names.name AS x INTO out FROM readings JOIN names ON readings.id = names.id"},
			want:  `{"x":"there"}`, probe: rows(1, `{"id":"1"}`),
			before: func(t *testing.T, s *dataFolder) {
				writeDocument(t, s, `{"id":"1","k":"a","name":"here"}`)
				other := *s
				a, err := s.exists.Account("Microsoft.DocumentDB/databaseAccounts", keyAccount)
				if err != nil {
					t.Error(err)
				}
				other.account = s.docs.Account(a.ID)
				writeDocument(t, &other, `{"id":"1","k":"a","name":"there"}`)
			},
		},
	}
}
