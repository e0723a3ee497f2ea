package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// samples is a request for each operation of the table, by its name.
var samples = map[string][2]string{ // path, query
	"message.get": {"/jobs/messages", ""}, "message.put": {"/jobs/messages", ""}, "message.peek": {"/jobs/messages", "peekonly=true"},
	"message.clear": {"/jobs/messages", ""}, "message.delete": {"/jobs/messages/x", "popreceipt=x"},
	"message.update": {"/jobs/messages/x", "popreceipt=x&visibilitytimeout=1"},
	"queue.create":   {"/jobs", ""}, "queue.delete": {"/jobs", ""}, "queue.metadata": {"/jobs", "comp=metadata"}, "queue.setMetadata": {"/jobs", "comp=metadata"},
	"queue.acl": {"/jobs", "comp=acl"}, "queue.setACL": {"/jobs", "comp=acl"},
	"service.list": {"/", "comp=list"}, "service.properties": {"/", "restype=service&comp=properties"}, "service.setProperties": {"/", "restype=service&comp=properties"},
	"service.stats": {"/", "restype=service&comp=stats"}, "service.delegationKey": {"/", "restype=service&comp=userdelegationkey"},
}

// expected is who may do what, by Azure's documents: "Create an account SAS", "Create a
// service SAS", "Authorize access to queues using Microsoft Entra ID". It is written
// down apart from the table that it tests.
var expected = map[string]struct {
	account string // type and letters of an account SAS
	service string // letters of a service SAS, "" none
	roles   string // of roles in harness_test.go
}{
	"message.get":           {"o p", "p", "processor contributor owner"},
	"message.put":           {"o a", "a", "sender contributor owner"},
	"message.peek":          {"o r", "r", "reader processor contributor owner"},
	"message.clear":         {"o d", "p", "contributor owner"},
	"message.delete":        {"o p", "p", "processor contributor owner"},
	"message.update":        {"o u", "u", "contributor owner"},
	"queue.create":          {"c cw", "", "contributor owner"},
	"queue.delete":          {"c d", "", "contributor owner"},
	"queue.metadata":        {"c r", "r", "reader contributor owner"},
	"queue.setMetadata":     {"c w", "", "contributor owner"},
	"queue.acl":             {"c ", "", "owner"},
	"queue.setACL":          {"c ", "", "owner"},
	"service.list":          {"s l", "", "reader contributor owner"},
	"service.properties":    {"s r", "", "owner"},
	"service.setProperties": {"s w", "", "owner"},
	"service.stats":         {"s r", "", "owner"},
	"service.delegationKey": {"s ", "", "owner"},
}

// denied are the codes by which somebody is kept out.
func denied(code string) bool { return strings.HasPrefix(code, "Auth") }

func sign(fields ...string) string {
	key, err := base64.StdEncoding.DecodeString(storage.DevelopmentKey)
	if err != nil {
		panic(err)
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(strings.Join(fields, "\n")))
	return "&sig=" + escape(base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

// TestRights sends every operation with every letter of every kind of SAS, and with
// every role. What opens is what the documents say, and nothing opens without anything.
func TestRights(t *testing.T) {
	a := newAccount(t)
	const se, sv = "2099-01-01", "2020-10-02"
	for i := range operations {
		op := &operations[i]
		sample, known := samples[op.Name]
		rule, ruled := expected[op.Name]
		if !known || !ruled || len(op.Actions) == 0 {
			t.Errorf("%s: nothing says who may do it", op.Name)
			continue
		}
		method, _, _ := strings.Cut(op.methods, " ")
		try := func(who, query, authorization string, may bool) {
			t.Helper()
			got := a.send(method, sample[0]+"?"+sample[1]+"&"+query, "", "Authorization", authorization)
			if may == denied(got.code()) {
				t.Errorf("%s by %s: %d %s", op.Name, who, got.status, got.code())
			}
		}
		typ, letters, _ := strings.Cut(rule.account, " ")
		for _, letter := range "rwdxylacuptfi" {
			sp := string(letter)
			for _, srt := range []string{"s", "c", "o"} {
				try("account SAS "+sp+" "+srt, "sv="+sv+"&ss=q&srt="+srt+"&se="+se+"&sp="+sp+sign(accountName, sp, "q", srt, "", se, "", "", sv, ""), "",
					srt == typ && strings.Contains(letters, sp))
			}
			canonical := "/queue/" + accountName + "/"
			if sample[0] != "/" {
				canonical += "jobs"
			}
			try("service SAS "+sp, "sv="+sv+"&se="+se+"&sp="+sp+sign(sp, "", se, canonical, "", "", "", sv), "", rule.service == sp)
		}
		for role := range roles {
			try(role, "", "Bearer "+role, slices.Contains(strings.Fields(rule.roles), role))
		}
		if got := a.send(method, sample[0]+"?"+sample[1], "", "Authorization", ""); got.code() != "NoAuthenticationInformation" || got.status != 401 ||
			!strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer authorization_uri=") {
			t.Errorf("%s by nobody: %d %s", op.Name, got.status, got.code())
		}
	}
	if len(samples) != len(operations) || len(expected) != len(operations) {
		t.Errorf("%d operations, %d samples, %d rules", len(operations), len(samples), len(expected))
	}
}

// TestSecondaryReadsOnly: what changes something is refused there, by the table.
func TestSecondaryReadsOnly(t *testing.T) {
	a := newAccount(t)
	a.send(http.MethodPut, "/jobs", "")
	for i := range operations {
		op := &operations[i]
		method, _, _ := strings.Cut(op.methods, " ")
		got := a.send(method, "-secondary"+samples[op.Name][0]+"?"+samples[op.Name][1], "")
		reads := slices.Contains([]string{"GET", "HEAD"}, method) && op.Name != "message.get" || op.Name == "service.delegationKey"
		if (got.code() == "InsufficientAccountPermissions") == reads {
			t.Errorf("%s: %s", op.Name, fmt.Sprint(got.status, got.code()))
		}
	}
}
