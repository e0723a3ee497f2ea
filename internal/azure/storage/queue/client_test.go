package queue

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/sas"
)

// code is the error code that a client was told, "" for success.
func code(err error) string {
	var e *azcore.ResponseError
	if errors.As(err, &e) {
		return e.ErrorCode
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func want(t *testing.T, what string, err error, expected string) {
	t.Helper()
	if got := code(err); got != expected {
		t.Errorf("%s: %q, want %q", what, got, expected)
	}
}

// TestServiceClient: every method of the official service client, with success and a
// failure.
func TestServiceClient(t *testing.T) {
	a, ctx := newAccount(t), context.Background()
	c := a.client()

	_, err := c.CreateQueue(ctx, "one", &azqueue.CreateOptions{Metadata: map[string]*string{"myKey": to.Ptr("v")}})
	want(t, "create", err, "")
	_, err = c.CreateQueue(ctx, "one", nil)
	want(t, "create with other metadata", err, "QueueAlreadyExists")
	_, err = c.CreateQueue(ctx, "UPPER", nil)
	want(t, "create a bad name", err, "InvalidResourceName")

	_, err = c.SetProperties(ctx, &azqueue.SetPropertiesOptions{CORS: []*azqueue.CORSRule{{
		AllowedOrigins: to.Ptr("*"), AllowedMethods: to.Ptr("GET"), AllowedHeaders: to.Ptr(""), ExposedHeaders: to.Ptr(""), MaxAgeInSeconds: to.Ptr(int32(5)),
	}}})
	want(t, "set properties", err, "")
	_, err = c.SetProperties(ctx, &azqueue.SetPropertiesOptions{Logging: &azqueue.Logging{
		Version: to.Ptr("1.0"), Read: to.Ptr(true), Write: to.Ptr(false), Delete: to.Ptr(false), RetentionPolicy: &azqueue.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr(int32(366))},
	}})
	want(t, "set bad properties", err, "InvalidXmlNodeValue")
	properties, err := c.GetServiceProperties(ctx, nil)
	want(t, "get properties", err, "")
	if err == nil && (len(properties.CORS) != 1 || *properties.CORS[0].MaxAgeInSeconds != 5 || *properties.Logging.Version != "1.0" || *properties.HourMetrics.Enabled || *properties.MinuteMetrics.Enabled) {
		t.Errorf("properties: %+v", properties)
	}

	_, err = c.GetStatistics(ctx, nil)
	want(t, "statistics of the primary", err, "InvalidQueryParameterValue")
	second, err := azqueue.NewServiceClientWithSharedKeyCredential(a.url+"-secondary", a.key(), options())
	if err != nil {
		t.Fatal(err)
	}
	stats, err := second.GetStatistics(ctx, nil)
	want(t, "statistics", err, "")
	if err == nil && *stats.GeoReplication.Status != azqueue.GeoReplicationStatusLive {
		t.Errorf("statistics: %+v", stats)
	}
	_, err = second.CreateQueue(ctx, "two", nil)
	want(t, "create at the secondary", err, "InsufficientAccountPermissions")
	_, err = second.NewQueueClient("one").GetProperties(ctx, nil)
	want(t, "read at the secondary", err, "")

	for i := range 5 {
		_, err = c.CreateQueue(ctx, fmt.Sprintf("list-%d", i), nil)
		want(t, "create", err, "")
	}
	listQueues(t, c)

	_, err = c.DeleteQueue(ctx, "one", nil)
	want(t, "delete", err, "")
	_, err = c.DeleteQueue(ctx, "one", nil)
	want(t, "delete again", err, "QueueNotFound")
}

func listQueues(t *testing.T, c *azqueue.ServiceClient) {
	t.Helper()
	var names []string
	pager := c.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: to.Ptr("list-"), MaxResults: to.Ptr(int32(2))})
	pages := 0
	for pager.More() {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, q := range page.Queues {
			names = append(names, *q.Name)
		}
	}
	if fmt.Sprint(names) != "[list-0 list-1 list-2 list-3 list-4]" || pages != 3 {
		t.Errorf("list: %v on %d pages", names, pages)
	}
	page, err := c.NewListQueuesPager(&azqueue.ListQueuesOptions{Include: azqueue.ListQueuesInclude{Metadata: true}}).NextPage(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := page.Queues[len(page.Queues)-1]; *got.Name != "one" || len(got.Metadata) != 1 || *got.Metadata["mykey"] != "v" {
		t.Errorf("list with metadata: %s %v", *got.Name, got.Metadata)
	}
	_, err = c.NewListQueuesPager(&azqueue.ListQueuesOptions{MaxResults: to.Ptr(int32(5001))}).NextPage(context.Background())
	want(t, "list too many", err, "OutOfRangeQueryParameterValue")
}

// TestQueueClient: every method of the official queue client that is about the queue.
func TestQueueClient(t *testing.T) {
	a, ctx := newAccount(t), context.Background()
	q, none := a.client().NewQueueClient("jobs"), a.client().NewQueueClient("none")
	_, err := q.Create(ctx, nil)
	want(t, "create", err, "")
	_, err = q.SetMetadata(ctx, &azqueue.SetMetadataOptions{Metadata: map[string]*string{"a_b": to.Ptr("1"), "Empty": to.Ptr("")}})
	want(t, "set metadata", err, "")
	_, err = none.SetMetadata(ctx, nil)
	want(t, "set metadata of none", err, "QueueNotFound")
	_, err = q.EnqueueMessage(ctx, "x", nil)
	want(t, "put", err, "")
	p, err := q.GetProperties(ctx, nil)
	want(t, "properties", err, "")
	if err == nil && (*p.ApproximateMessagesCount != 1 || *p.Metadata["A_b"] != "1" || *p.Metadata["Empty"] != "") {
		t.Errorf("properties: %d %v", *p.ApproximateMessagesCount, p.Metadata)
	}
	_, err = none.GetProperties(ctx, nil)
	want(t, "properties of none", err, "QueueNotFound")

	expiry := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	_, err = q.SetAccessPolicy(ctx, &azqueue.SetAccessPolicyOptions{QueueACL: []*azqueue.SignedIdentifier{{ID: to.Ptr("reader"), AccessPolicy: &azqueue.AccessPolicy{Permission: to.Ptr("r"), Expiry: &expiry}}}})
	want(t, "set policies", err, "")
	six := make([]*azqueue.SignedIdentifier, 6)
	for i := range six {
		six[i] = &azqueue.SignedIdentifier{ID: to.Ptr(fmt.Sprint(i)), AccessPolicy: &azqueue.AccessPolicy{}}
	}
	_, err = q.SetAccessPolicy(ctx, &azqueue.SetAccessPolicyOptions{QueueACL: six})
	want(t, "set six policies", err, "InvalidXmlDocument")
	acl, err := q.GetAccessPolicy(ctx, nil)
	want(t, "policies", err, "")
	if err == nil && (len(acl.SignedIdentifiers) != 1 || *acl.SignedIdentifiers[0].ID != "reader" || !acl.SignedIdentifiers[0].AccessPolicy.Expiry.Equal(expiry)) {
		t.Errorf("policies: %+v", acl.SignedIdentifiers)
	}
	_, err = none.GetAccessPolicy(ctx, nil)
	want(t, "policies of none", err, "QueueNotFound")
	bySAS(t, a, q)

	_, err = q.ClearMessages(ctx, nil)
	want(t, "clear", err, "")
	_, err = none.ClearMessages(ctx, nil)
	want(t, "clear none", err, "QueueNotFound")
	_, err = q.Delete(ctx, nil)
	want(t, "delete", err, "")
	_, err = q.Delete(ctx, nil)
	want(t, "delete again", err, "QueueNotFound")
}

// bySAS opens the queue by the tokens that the client makes, and by a stored policy.
func bySAS(t *testing.T, a *account, q *azqueue.QueueClient) {
	t.Helper()
	ctx := context.Background()
	secure := httptest.NewTLSServer(a.service)
	defer secure.Close()
	overTLS := options()
	overTLS.Transport = secure.Client()
	u, err := q.GetSASURL(sas.QueuePermissions{Add: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := azqueue.NewQueueClientWithNoCredential(u, options())
	if err != nil {
		t.Fatal(err)
	}
	_, err = plain.EnqueueMessage(ctx, "x", nil)
	want(t, "put by a SAS for https, without", err, "AuthorizationProtocolMismatch")
	adder, err := azqueue.NewQueueClientWithNoCredential(strings.Replace(u, strings.TrimSuffix(a.url, "/"+accountName), secure.URL, 1), overTLS)
	if err != nil {
		t.Fatal(err)
	}
	_, err = adder.EnqueueMessage(ctx, "by SAS", nil)
	want(t, "put by SAS", err, "")
	_, err = adder.PeekMessage(ctx, nil)
	want(t, "peek by a SAS to add", err, "AuthorizationPermissionMismatch")
	_, err = adder.Delete(ctx, nil)
	want(t, "delete the queue by its SAS", err, "AuthorizationFailure")

	v, err := sas.QueueSignatureValues{QueueName: "jobs", Identifier: "reader"}.SignWithSharedKey(a.key())
	if err != nil {
		t.Fatal(err)
	}
	reader, err := azqueue.NewQueueClientWithNoCredential(a.url+"/jobs?"+v.Encode(), options())
	if err != nil {
		t.Fatal(err)
	}
	_, err = reader.PeekMessage(ctx, nil)
	want(t, "peek by policy", err, "")
	_, err = reader.DequeueMessage(ctx, nil)
	want(t, "get by a policy to read", err, "AuthorizationPermissionMismatch")

	u, err = a.client().GetSASURL(sas.AccountResourceTypes{Service: true, Container: true, Object: true}, sas.AccountPermissions{List: true, Create: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	creator, err := azqueue.NewServiceClientWithNoCredential(strings.Replace(u, strings.TrimSuffix(a.url, "/"+accountName), secure.URL, 1), overTLS)
	if err != nil {
		t.Fatal(err)
	}
	_, err = creator.CreateQueue(ctx, "by-sas", nil)
	want(t, "create by account SAS", err, "")
	_, err = creator.DeleteQueue(ctx, "by-sas", nil)
	want(t, "delete by an account SAS to create", err, "AuthorizationPermissionMismatch")
}

// TestMessageClient: every method of the official client that is about messages.
func TestMessageClient(t *testing.T) {
	a, ctx := newAccount(t), context.Background()
	q, none := a.client().NewQueueClient("jobs"), a.client().NewQueueClient("none")
	_, err := q.Create(ctx, nil)
	want(t, "create", err, "")

	text := " <&>\r\n\t\"한국어\"  "
	put, err := q.EnqueueMessage(ctx, text, &azqueue.EnqueueMessageOptions{TimeToLive: to.Ptr(int32(-1)), VisibilityTimeout: to.Ptr(int32(5))})
	want(t, "put", err, "")
	if m := put.Messages[0]; m.ExpirationTime.Year() != 9999 || m.TimeNextVisible.Sub(*m.InsertionTime) != 5*time.Second || *m.PopReceipt == "" {
		t.Errorf("put: %+v", m)
	}
	_, err = none.EnqueueMessage(ctx, "x", nil)
	want(t, "put into none", err, "QueueNotFound")
	_, err = q.EnqueueMessage(ctx, strings.Repeat("x", 64<<10), nil)
	want(t, "put 64 KiB", err, "")
	_, err = q.EnqueueMessage(ctx, strings.Repeat("x", 64<<10+1), nil)
	want(t, "put more", err, "RequestBodyTooLarge")
	_, err = q.EnqueueMessage(ctx, "x", &azqueue.EnqueueMessageOptions{TimeToLive: to.Ptr(int32(0))})
	want(t, "put without life", err, "InvalidQueryParameterValue")
	_, err = q.EnqueueMessage(ctx, "x", &azqueue.EnqueueMessageOptions{TimeToLive: to.Ptr(int32(5)), VisibilityTimeout: to.Ptr(int32(5))})
	want(t, "put never visible", err, "InvalidQueryParameterValue")

	a.advance(6 * time.Second)
	peeked, err := q.PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: to.Ptr(int32(32))})
	want(t, "peek", err, "")
	if len(peeked.Messages) != 2 || *peeked.Messages[1].MessageText != text || *peeked.Messages[1].DequeueCount != 0 {
		t.Errorf("peeked %d messages", len(peeked.Messages))
	}
	_, err = q.PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: to.Ptr(int32(33))})
	want(t, "peek too many", err, "OutOfRangeQueryParameterValue")
	one, err := q.PeekMessage(ctx, nil)
	want(t, "peek one", err, "")
	if len(one.Messages) != 1 {
		t.Errorf("peeked %d", len(one.Messages))
	}
	changeMessages(t, a, q, *put.Messages[0].MessageID)
}

func changeMessages(t *testing.T, a *account, q *azqueue.QueueClient, id string) {
	t.Helper()
	ctx := context.Background()
	got, err := q.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr(int32(32)), VisibilityTimeout: to.Ptr(int32(20))})
	want(t, "get", err, "")
	if len(got.Messages) != 2 || *got.Messages[1].MessageID != id || *got.Messages[1].DequeueCount != 1 {
		t.Fatalf("got %d messages", len(got.Messages))
	}
	empty, err := q.DequeueMessage(ctx, nil)
	want(t, "get from an empty queue", err, "")
	if len(empty.Messages) != 0 {
		t.Errorf("got %d messages", len(empty.Messages))
	}
	_, err = q.DequeueMessage(ctx, &azqueue.DequeueMessageOptions{VisibilityTimeout: to.Ptr(int32(0))})
	want(t, "get for no time", err, "OutOfRangeQueryParameterValue")
	m := got.Messages[1]
	updated, err := q.UpdateMessage(ctx, id, *m.PopReceipt, "new", &azqueue.UpdateMessageOptions{VisibilityTimeout: to.Ptr(int32(0))})
	want(t, "update", err, "")
	if updated.PopReceipt == nil || *updated.PopReceipt == *m.PopReceipt || updated.TimeNextVisible == nil {
		t.Errorf("updated: %+v", updated)
	}
	_, err = q.UpdateMessage(ctx, id, *m.PopReceipt, "new", nil)
	want(t, "update with an old receipt", err, "MessageNotFound")
	_, err = q.UpdateMessage(ctx, id, "bogus", "new", nil)
	want(t, "update with no receipt", err, "PopReceiptMismatch")
	again, err := q.DequeueMessage(ctx, nil)
	want(t, "get again", err, "")
	if len(again.Messages) != 1 || *again.Messages[0].MessageText != "new" || *again.Messages[0].DequeueCount != 2 {
		t.Fatalf("got again %+v", again.Messages)
	}
	_, err = q.DeleteMessage(ctx, id, *updated.PopReceipt, nil)
	want(t, "delete with an old receipt", err, "MessageNotFound")
	_, err = q.DeleteMessage(ctx, id, *again.Messages[0].PopReceipt, nil)
	want(t, "delete", err, "")
	_, err = q.DeleteMessage(ctx, id, *again.Messages[0].PopReceipt, nil)
	want(t, "delete again", err, "MessageNotFound")
	a.advance(time.Minute)
	_, err = q.DeleteMessage(ctx, *got.Messages[0].MessageID, *got.Messages[0].PopReceipt, nil)
	want(t, "delete when its time is over and nobody got it", err, "")
}

// TestTokenClient: the official client with tokens of roles.
func TestTokenClient(t *testing.T) {
	a, ctx := newAccount(t), context.Background()
	_, err := a.client().CreateQueue(ctx, "jobs", nil)
	want(t, "create", err, "")
	for role, expected := range map[string][2]string{
		"sender": {"", "AuthorizationPermissionMismatch"}, "reader": {"AuthorizationPermissionMismatch", ""},
		"contributor": {"", ""}, "nobody": {"AuthorizationPermissionMismatch", "AuthorizationPermissionMismatch"}, "stranger": {"InvalidAuthenticationInfo", "InvalidAuthenticationInfo"},
	} {
		c, err := azqueue.NewQueueClient(a.url+"/jobs", tokenOf(role), options())
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.EnqueueMessage(ctx, "x", nil)
		want(t, role+" puts", err, expected[0])
		_, err = c.PeekMessage(ctx, nil)
		want(t, role+" peeks", err, expected[1])
	}
}
