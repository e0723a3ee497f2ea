package storage

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	blobsas "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// TestDelegationByHostName: a user delegation SAS opens the account by its Azure name
// and by that of its secondary too, where the account is in no path.
func TestDelegationByHostName(t *testing.T) {
	e := newEndpoint(t, Blob, tokenAccess())
	key := Operation{Name: "key", Actions: []string{"generateUserDelegationKey"}, Level: ServiceLevel}
	read := Operation{Name: "read", Permission: "r", Level: ObjectLevel, Actions: []string{"read"}}
	address := serve(t, e, func(w http.ResponseWriter, r *Request) error {
		if r.Method() != http.MethodPost {
			_, err := e.Authorize(r, &read, Target{Container: "box", Blob: "b"})
			return err
		}
		g, err := e.Authorize(r, &key, Target{})
		if err != nil {
			return err
		}
		body, err := io.ReadAll(r.HTTP.Body)
		if err != nil {
			return err
		}
		text, err := e.UserDelegationKey(r, g, body)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/xml")
		_, err = w.Write(text)
		return err
	})
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	here := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Host)
	}}}
	client, err := service.NewClient("http://"+testAccount+".blob.core.windows.net/", fakeToken{}, &service.ClientOptions{
		ClientOptions: policy.ClientOptions{InsecureAllowCredentialWithHTTP: true, Transport: here},
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	credential, err := client.GetUserDelegationCredential(t.Context(), service.KeyInfo{
		Start: to.Ptr(now.Format("2006-01-02T15:04:05Z")), Expiry: to.Ptr(now.Add(time.Hour).Format("2006-01-02T15:04:05Z")),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	q, err := blobsas.BlobSignatureValues{ContainerName: "box", Permissions: "r", ExpiryTime: now.Add(time.Hour)}.SignWithUserDelegation(credential)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{testAccount, testAccount + "-secondary"} {
		reply, err := here.Get("http://" + host + ".blob.core.windows.net/box/b?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", host, reply.Status, reply.Header.Get("X-Ms-Error-Code"))
		}
	}
}
