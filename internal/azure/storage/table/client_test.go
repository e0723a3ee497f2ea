package table

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

func hmacOf(t testing.TB, key, text string) string {
	t.Helper()
	k, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha256.New, k)
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// marshal is the JSON of an entity. The client's own doubles quotes in keys, which
// the service then keeps so; this is what every other client sends.
func marshal(t testing.TB, e aztables.EDMEntity) []byte {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]json.RawMessage
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"PartitionKey": e.PartitionKey, "RowKey": e.RowKey} {
		plain[name], err = json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
	}
	if b, err = json.Marshal(plain); err != nil {
		t.Fatal(err)
	}
	return b
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func edm(partition, row string, pairs ...any) aztables.EDMEntity {
	e := aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: partition, RowKey: row}, Properties: map[string]any{}}
	for i := 0; i < len(pairs); i += 2 {
		e.Properties[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return e
}

// The official Go client, method by method: success and a failure.

func TestClientTables(t *testing.T) {
	l := newLab(t)
	s, ctx := l.service(), t.Context()
	for _, name := range []string{"beta", "Alpha", "gamma"} {
		made := must[aztables.CreateTableResponse](t)(s.CreateTable(ctx, name, nil))
		if *made.TableName != name {
			t.Errorf("made %q", *made.TableName)
		}
	}
	_, err := s.CreateTable(ctx, "ALPHA", nil)
	wantCode(t, err, 409, "TableAlreadyExists")
	_, err = s.CreateTable(ctx, "a-b", nil)
	wantCode(t, err, 400, "InvalidResourceName")
	_, err = s.CreateTable(ctx, "ab", nil)
	wantCode(t, err, 400, "OutOfRangeInput")
	_, err = s.NewClient("beta").CreateTable(ctx, nil)
	wantCode(t, err, 409, "TableAlreadyExists")

	list := func(o *aztables.ListTablesOptions) (names []string) {
		for pager := s.NewListTablesPager(o); pager.More(); {
			page := must[aztables.ListTablesResponse](t)(pager.NextPage(ctx))
			for _, table := range page.Tables {
				names = append(names, *table.Name)
			}
		}
		return names
	}
	for want, o := range map[string]*aztables.ListTablesOptions{
		"[Alpha beta gamma]":  nil,
		"[Alpha beta  gamma]": {Top: to.Ptr(int32(1))},
		"[beta]":              {Filter: to.Ptr("TableName eq 'beta'")},
		"[beta gamma]":        {Filter: to.Ptr("TableName ge 'b' and TableName lt 'h'")},
	} {
		if got := fmt.Sprint(list(o)); got != strings.ReplaceAll(want, "  ", " ") {
			t.Errorf("list %+v: %s, want %s", o, got, want)
		}
	}
	if _, err = s.NewListTablesPager(&aztables.ListTablesOptions{Filter: to.Ptr("TableName eq")}).NextPage(ctx); err == nil {
		t.Error("a broken filter is taken")
	}
	wantCode(t, err, 400, "InvalidInput")

	must[aztables.DeleteTableResponse](t)(s.DeleteTable(ctx, "bETA", nil))
	_, err = s.DeleteTable(ctx, "beta", nil)
	wantCode(t, err, 404, "ResourceNotFound")
	must[aztables.DeleteTableResponse](t)(s.NewClient("gamma").Delete(ctx, nil))
	_, err = s.NewClient("gamma").Delete(ctx, nil)
	wantCode(t, err, 404, "ResourceNotFound")
	if got := list(nil); !slices.Equal(got, []string{"Alpha"}) {
		t.Errorf("left: %v", got)
	}
}

func TestClientEveryType(t *testing.T) {
	l := newLab(t)
	c, ctx := l.table("Types"), t.Context()
	when := time.Date(2024, 1, 31, 12, 30, 45, 123456700, time.UTC)
	want := map[string]any{
		"Text": "O'Neil \"<é> \U0001F600\n\x00", "Empty": "", "Yes": true, "No": false, "Small": int32(-7), "Big": aztables.EDMInt64(math.MaxInt64),
		"Half": 0.5, "Huge": 1e300, "Tiny": 5e-324, "When": aztables.EDMDateTime(when),
		"Who": aztables.EDMGUID("c9da6455-213d-42c9-9a79-3e9149a57833"), "Raw": aztables.EDMBinary([]byte{0, 255, 'a'}), "Nothing": aztables.EDMBinary([]byte{}),
	}
	e := edm("p'q", "r (1), =é %2F+", "Null", nil)
	for name, v := range want {
		e.Properties[name] = v
	}
	added := must[aztables.AddEntityResponse](t)(c.AddEntity(ctx, marshal(t, e), nil))
	got := must[aztables.GetEntityResponse](t)(c.GetEntity(ctx, e.PartitionKey, e.RowKey, nil))
	var back aztables.EDMEntity
	if err := json.Unmarshal(got.Value, &back); err != nil {
		t.Fatal(err)
	}
	if back.PartitionKey != e.PartitionKey || back.RowKey != e.RowKey || got.ETag != added.ETag || back.ETag != string(got.ETag) {
		t.Errorf("keys %q %q, etags %s %s %s", back.PartitionKey, back.RowKey, added.ETag, got.ETag, back.ETag)
	}
	for name, v := range want {
		have := back.Properties[name]
		if w, ok := v.(aztables.EDMDateTime); ok {
			if h, ok := have.(aztables.EDMDateTime); !ok || !time.Time(h).Equal(time.Time(w)) {
				t.Errorf("%s is %v", name, have)
			}
			continue
		}
		if name == "Small" || fmt.Sprintf("%T", have) == fmt.Sprintf("%T", v) {
			if fmt.Sprint(have) != fmt.Sprint(v) {
				t.Errorf("%s is %v, want %v", name, have, v)
			}
			continue
		}
		t.Errorf("%s is a %T, want %T", name, have, v)
	}
	if _, there := back.Properties["Null"]; there {
		t.Error("null became a property")
	}
	for _, bad := range []string{"Age", "a-b"} {
		_, err := c.AddEntity(ctx, fmt.Appendf(nil, `{"PartitionKey":"p","RowKey":"r","%s@odata.type":"Edm.Int64","%s":"9223372036854775808"}`, bad, bad), nil)
		wantCode(t, err, 400, "InvalidInput")
	}
}

func TestClientWritesAndConditions(t *testing.T) {
	l := newLab(t)
	c, ctx := l.table("Writes"), t.Context()
	add := func(row string, pairs ...any) azcore.ETag {
		t.Helper()
		return must[aztables.AddEntityResponse](t)(c.AddEntity(ctx, marshal(t, edm("p", row, pairs...)), nil)).ETag
	}
	text := func(row string) string {
		t.Helper()
		var e aztables.EDMEntity
		if err := json.Unmarshal(must[aztables.GetEntityResponse](t)(c.GetEntity(ctx, "p", row, nil)).Value, &e); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(e.Properties)
	}
	first := add("1", "A", 1, "B", 2)
	_, err := c.AddEntity(ctx, marshal(t, edm("p", "1")), nil)
	wantCode(t, err, 409, "EntityAlreadyExists")

	merge, replace := aztables.UpdateModeMerge, aztables.UpdateModeReplace
	for _, s := range []struct {
		mode *aztables.UpdateMode
		want string
	}{{&merge, "map[A:9 B:2]"}, {&replace, "map[A:9]"}} {
		body := marshal(t, edm("p", "1", "A", 9))
		_, err = c.UpdateEntity(ctx, body, &aztables.UpdateEntityOptions{UpdateMode: *s.mode, IfMatch: to.Ptr(azcore.ETag(`W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"`))})
		wantCode(t, err, 412, "UpdateConditionNotSatisfied")
		second := must[aztables.UpdateEntityResponse](t)(c.UpdateEntity(ctx, body, &aztables.UpdateEntityOptions{UpdateMode: *s.mode, IfMatch: &first}))
		if second.ETag == first || text("1") != s.want {
			t.Errorf("after %v: %s, ETag %s after %s", *s.mode, text("1"), second.ETag, first)
		}
		first = second.ETag
		_, err = c.UpdateEntity(ctx, marshal(t, edm("p", "none")), &aztables.UpdateEntityOptions{UpdateMode: *s.mode})
		wantCode(t, err, 404, "ResourceNotFound")
		must[aztables.UpsertEntityResponse](t)(c.UpsertEntity(ctx, marshal(t, edm("p", fmt.Sprint("new", *s.mode), "A", 1)), &aztables.UpsertEntityOptions{UpdateMode: *s.mode}))
		must[aztables.UpsertEntityResponse](t)(c.UpsertEntity(ctx, marshal(t, edm("p", fmt.Sprint("new", *s.mode), "B", 2)), &aztables.UpsertEntityOptions{UpdateMode: *s.mode}))
	}
	if m, r := text("newmerge"), text("newreplace"); m != "map[A:1 B:2]" || r != "map[B:2]" {
		t.Errorf("upserts: %s and %s", m, r)
	}
	_, err = c.UpsertEntity(ctx, marshal(t, edm("p", "a/b")), nil)
	wantCode(t, err, 400, "OutOfRangeInput")

	_, err = c.DeleteEntity(ctx, "p", "1", &aztables.DeleteEntityOptions{IfMatch: to.Ptr(azcore.ETag(`W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"`))})
	wantCode(t, err, 412, "UpdateConditionNotSatisfied")
	must[aztables.DeleteEntityResponse](t)(c.DeleteEntity(ctx, "p", "1", &aztables.DeleteEntityOptions{IfMatch: &first}))
	_, err = c.DeleteEntity(ctx, "p", "1", nil)
	wantCode(t, err, 404, "ResourceNotFound")
	_, err = c.GetEntity(ctx, "p", "1", nil)
	wantCode(t, err, 404, "ResourceNotFound")
	_, err = l.service().NewClient("missing").GetEntity(ctx, "p", "1", nil)
	wantCode(t, err, 404, "TableNotFound")
	_, err = l.service().NewClient("missing").AddEntity(ctx, marshal(t, edm("p", "1")), nil)
	wantCode(t, err, 404, "TableNotFound")
}

func TestClientQuery(t *testing.T) {
	l := newLab(t)
	c, ctx := l.table("Query"), t.Context()
	for i := range 25 {
		must[aztables.AddEntityResponse](t)(c.AddEntity(ctx, marshal(t, edm(fmt.Sprint("p", i%2), fmt.Sprintf("%02d", i), "N", i, "L", aztables.EDMInt64(i), "Odd", i%2 == 1)), nil))
	}
	list := func(o aztables.ListEntitiesOptions) (rows []string, pages int) {
		t.Helper()
		for pager := c.NewListEntitiesPager(&o); pager.More(); pages++ {
			for _, b := range must[aztables.ListEntitiesResponse](t)(pager.NextPage(ctx)).Entities {
				var e aztables.EDMEntity
				if err := json.Unmarshal(b, &e); err != nil {
					t.Fatal(err)
				}
				rows = append(rows, e.RowKey)
			}
		}
		return rows, pages
	}
	if rows, pages := list(aztables.ListEntitiesOptions{}); len(rows) != 25 || pages != 1 || rows[0] != "00" || rows[13] != "01" {
		t.Errorf("all: %v in %d pages", rows, pages)
	}
	if rows, pages := list(aztables.ListEntitiesOptions{Top: to.Ptr(int32(10))}); len(rows) != 25 || pages != 3 {
		t.Errorf("by ten: %v in %d pages", rows, pages)
	}
	for filter, want := range map[string]string{
		"PartitionKey eq 'p1' and RowKey gt '20'": "[21 23]", "N ge 23": "[24 23]", "L gt 22L and Odd": "[23]", "N eq 3 or N eq 4": "[04 03]",
		"not (N lt 24)": "[24]", "RowKey eq '05'": "[05]", "Missing eq 1": "[]",
	} {
		if rows, _ := list(aztables.ListEntitiesOptions{Filter: &filter}); fmt.Sprint(rows) != want {
			t.Errorf("%s: %v, want %s", filter, rows, want)
		}
	}
	page := must[aztables.ListEntitiesResponse](t)(c.NewListEntitiesPager(&aztables.ListEntitiesOptions{Select: to.Ptr("N,Odd"), Top: to.Ptr(int32(1)), Format: to.Ptr(aztables.MetadataFormatNone)}).NextPage(ctx))
	if got := string(page.Entities[0]); got != `{"N":0,"Odd":false}` {
		t.Errorf("selected %s", got)
	}
	_, err := c.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: to.Ptr("startswith(RowKey,'0')")}).NextPage(ctx)
	wantCode(t, err, 501, "NotImplemented")
	_, err = c.NewListEntitiesPager(&aztables.ListEntitiesOptions{Top: to.Ptr(int32(1001))}).NextPage(ctx)
	wantCode(t, err, 400, "InvalidInput")
	_, err = l.service().NewClient("missing").NewListEntitiesPager(nil).NextPage(ctx)
	wantCode(t, err, 404, "TableNotFound")
}

// wantPart fails unless a transaction's error shows a part with the status, code and
// message. The client gives the whole reply as its error, with the outer status.
func wantPart(t testing.TB, err error, status, code, message string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "HTTP/1.1 "+status) || !strings.Contains(err.Error(), `"code":"`+code+`"`) || !strings.Contains(err.Error(), message) {
		t.Fatalf("error %v\nwant %s %s %s", err, status, code, message)
	}
}

func TestClientTransaction(t *testing.T) {
	l := newLab(t)
	c, ctx := l.table("Batch"), t.Context()
	must[aztables.AddEntityResponse](t)(c.AddEntity(ctx, marshal(t, edm("p", "old", "A", 1, "B", 2)), nil))
	must[aztables.AddEntityResponse](t)(c.AddEntity(ctx, marshal(t, edm("p", "dead", "A", 1)), nil))
	action := func(kind aztables.TransactionType, e aztables.EDMEntity) aztables.TransactionAction {
		return aztables.TransactionAction{ActionType: kind, Entity: marshal(t, e)}
	}
	must[aztables.TransactionResponse](t)(c.SubmitTransaction(ctx, []aztables.TransactionAction{
		action(aztables.TransactionTypeAdd, edm("p", "new 'é'", "A", 1)),
		action(aztables.TransactionTypeUpdateMerge, edm("p", "old", "A", 9)),
		action(aztables.TransactionTypeInsertMerge, edm("p", "im", "A", 1)),
		action(aztables.TransactionTypeInsertReplace, edm("p", "ir", "A", 1)),
		action(aztables.TransactionTypeDelete, edm("p", "dead")),
	}, nil))
	got := must[aztables.GetEntityResponse](t)(c.GetEntity(ctx, "p", "old", nil))
	if !strings.Contains(string(got.Value), `"A":9,"B":2`) {
		t.Errorf("merged: %s", got.Value)
	}
	must[aztables.GetEntityResponse](t)(c.GetEntity(ctx, "p", "new 'é'", nil))
	_, err := c.GetEntity(ctx, "p", "dead", nil)
	wantCode(t, err, 404, "ResourceNotFound")

	_, err = c.SubmitTransaction(ctx, []aztables.TransactionAction{
		action(aztables.TransactionTypeAdd, edm("p", "x")), action(aztables.TransactionTypeAdd, edm("p", "old")),
	}, nil)
	wantPart(t, err, "409 Conflict", "EntityAlreadyExists", "1:The specified entity already exists.")
	_, err = c.GetEntity(ctx, "p", "x", nil)
	wantCode(t, err, 404, "ResourceNotFound")
	_, err = c.SubmitTransaction(ctx, []aztables.TransactionAction{action(aztables.TransactionTypeAdd, edm("p", "x")), action(aztables.TransactionTypeAdd, edm("q", "x"))}, nil)
	wantPart(t, err, "400 Bad Request", "CommandsInBatchActOnDifferentPartitions", "1:All commands in a batch")
	_, err = c.SubmitTransaction(ctx, []aztables.TransactionAction{action(aztables.TransactionTypeAdd, edm("p", "x")), action(aztables.TransactionTypeInsertMerge, edm("p", "x"))}, nil)
	wantPart(t, err, "400 Bad Request", "InvalidDuplicateRow", "1:A command with RowKey")
	many := make([]aztables.TransactionAction, 101)
	for i := range many {
		many[i] = action(aztables.TransactionTypeAdd, edm("many", fmt.Sprint(i)))
	}
	_, err = c.SubmitTransaction(ctx, many, nil)
	wantPart(t, err, "400 Bad Request", "InvalidInput", "100:One of the request inputs is not valid.")
	must[aztables.TransactionResponse](t)(c.SubmitTransaction(ctx, many[:100], nil))
}

func TestClientPoliciesPropertiesAndSAS(t *testing.T) {
	l := newLab(t)
	c, s, ctx := l.table("Policies"), l.service(), t.Context()
	start, expiry := time.Now().UTC().Add(-time.Hour).Truncate(time.Second), time.Now().UTC().Add(time.Hour).Truncate(time.Second)
	must[aztables.SetAccessPolicyResponse](t)(c.SetAccessPolicy(ctx, &aztables.SetAccessPolicyOptions{TableACL: []*aztables.SignedIdentifier{
		{ID: to.Ptr("readers"), AccessPolicy: &aztables.AccessPolicy{Start: &start, Expiry: &expiry, Permission: to.Ptr("r")}},
	}}))
	got := must[aztables.GetAccessPolicyResponse](t)(c.GetAccessPolicy(ctx, nil))
	if len(got.SignedIdentifiers) != 1 || *got.SignedIdentifiers[0].ID != "readers" || *got.SignedIdentifiers[0].AccessPolicy.Permission != "r" {
		t.Errorf("policies %+v", got.SignedIdentifiers)
	}
	_, err := s.NewClient("missing").GetAccessPolicy(ctx, nil)
	wantCode(t, err, 404, "TableNotFound")

	must[aztables.SetPropertiesResponse](t)(s.SetProperties(ctx, aztables.ServiceProperties{Logging: &aztables.Logging{
		Version: to.Ptr("1.0"), Read: to.Ptr(true), Write: to.Ptr(false), Delete: to.Ptr(false), RetentionPolicy: &aztables.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr(int32(5))},
	}}, nil))
	props := must[aztables.GetPropertiesResponse](t)(s.GetProperties(ctx, nil))
	if !*props.Logging.Read || *props.Logging.RetentionPolicy.Days != 5 || props.HourMetrics == nil || props.MinuteMetrics == nil {
		t.Errorf("properties %+v", props.ServiceProperties)
	}
	_, err = s.SetProperties(ctx, aztables.ServiceProperties{Logging: &aztables.Logging{
		Version: to.Ptr("1.0"), Read: to.Ptr(true), Write: to.Ptr(false), Delete: to.Ptr(false), RetentionPolicy: &aztables.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr(int32(0))},
	}}, nil)
	wantCode(t, err, 400, "InvalidXmlNodeValue")
	_, err = s.GetStatistics(ctx, nil)
	wantCode(t, err, 400, "InvalidQueryParameterValue")
	secondary := must[*aztables.ServiceClient](t)(aztables.NewServiceClientWithSharedKey(l.url+"-secondary", l.credential(), options()))
	if stats := must[aztables.GetStatisticsResponse](t)(secondary.GetStatistics(ctx, nil)); *stats.GeoReplication.Status != aztables.GeoReplicationStatusLive {
		t.Errorf("statistics %+v", stats)
	}
	_, err = secondary.CreateTable(ctx, "abc", nil)
	wantCode(t, err, 403, "InsufficientAccountPermissions")

	url, o := l.secure()                                                                                     // the client's SAS are for TLS alone
	s = must[*aztables.ServiceClient](t)(aztables.NewServiceClientWithSharedKey(url+"/", l.credential(), o)) // it joins the table to what it is given
	account := must[string](t)(s.GetAccountSASURL(aztables.AccountSASResourceTypes{Service: true, Container: true, Object: true}, aztables.AccountSASPermissions{Read: true, List: true}, start, expiry))
	reader := must[*aztables.ServiceClient](t)(aztables.NewServiceClientWithNoCredential(account, o))
	must[aztables.ListTablesResponse](t)(reader.NewListTablesPager(nil).NextPage(ctx))
	_, err = reader.NewClient("Policies").AddEntity(ctx, marshal(t, edm("p", "r")), nil)
	wantCode(t, err, 403, "AuthorizationPermissionMismatch")

	table := must[string](t)(s.NewClient("Policies").GetTableSASURL(aztables.SASPermissions{Read: true, Add: true, Update: true, Delete: true}, start, expiry))
	writer := must[*aztables.Client](t)(aztables.NewClientWithNoCredential(table, o))
	must[aztables.AddEntityResponse](t)(writer.AddEntity(ctx, marshal(t, edm("p", "r")), nil))
	must[aztables.TransactionResponse](t)(writer.SubmitTransaction(ctx, []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeInsertReplace, Entity: marshal(t, edm("p", "r2"))},
		{ActionType: aztables.TransactionTypeDelete, Entity: marshal(t, edm("p", "r"))},
	}, nil))
	_, err = writer.Delete(ctx, nil)
	wantCode(t, err, 403, "AuthorizationFailure")
}

// bearer is a credential whose token is a word.
type bearer string

func (b bearer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(b), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestClientTokenAndFromConnectionString(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.access.may = map[string]func(string, string) error{"all": func(string, string) error { return nil }}
	url, o := l.secure() // tokens are not sent without TLS
	s := must[*aztables.ServiceClient](t)(aztables.NewServiceClient(url, bearer("all"), o))
	must[aztables.CreateTableResponse](t)(s.CreateTable(ctx, "Token", nil))
	must[aztables.TransactionResponse](t)(s.NewClient("Token").SubmitTransaction(ctx, []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeAdd, Entity: marshal(t, edm("p", "r"))},
	}, nil))
	bad := must[*aztables.ServiceClient](t)(aztables.NewServiceClient(url, bearer("none"), o))
	_, err := bad.CreateTable(ctx, "Other", nil)
	wantCode(t, err, http.StatusUnauthorized, "InvalidAuthenticationInfo")
	text := "DefaultEndpointsProtocol=http;AccountName=" + testAccount + ";AccountKey=c2Vjb25kIGtleQ==;TableEndpoint=" + l.url
	c := must[*aztables.ServiceClient](t)(aztables.NewServiceClientFromConnectionString(text, options()))
	must[aztables.GetEntityResponse](t)(c.NewClient("Token").GetEntity(ctx, "p", "r", nil))
}
