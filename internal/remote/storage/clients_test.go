package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

func connection(t *testing.T, values map[string]string) settings.Connection {
	t.Helper()
	c, err := settings.New(values).Connection(settings.Storage, "S")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBlobs: where each form of a connection leads, and what is refused without a word
// of its key.
func TestBlobs(t *testing.T) {
	asked := 0
	clients := Clients{Credential: func(settings.Connection) (azcore.TokenCredential, error) { asked++; return nil, nil }}
	for _, c := range []struct{ setting, value, want string }{
		{"S", "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net", "https://mine.blob.core.windows.net/"},
		{"S", "AccountName=mine;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:10/mine", "http://127.0.0.1:10/mine/"},
		{"S", "BlobEndpoint=https://mine.blob.core.windows.net;SharedAccessSignature=?sv=1&sig=x", "https://mine.blob.core.windows.net/?sv=1&sig=x"},
		{"S__blobServiceUri", "https://mine.blob.core.windows.net/", "https://mine.blob.core.windows.net/"},
		{"S__accountName", "mine", "https://mine.blob.core.windows.net/"},
		{"S__serviceUri", "mine.blob.core.windows.net", "https://mine.blob.core.windows.net/"},
		{"S", "AccountName=mine;EndpointSuffix=core.windows.net", "neither an AccountKey nor"},
		{"S", "AccountName=mine;AccountKey=not-base64!", "is not base64"},
		{"S", "AccountKey=c2VjcmV0", "neither an account nor"},
	} {
		conn := connection(t, map[string]string{c.setting: c.value})
		client, err := clients.Blobs(conn)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = client.URL()
		}
		if !strings.Contains(got, c.want) || err != nil && (strings.Contains(got, "secret") || strings.Contains(got, "not-base64!")) {
			t.Errorf("%s=%s: %s, want %s", c.setting, c.value, got, c.want)
		}
		if again, _ := clients.Blobs(conn); err == nil && again != client {
			t.Errorf("%s=%s: another client the second time", c.setting, c.value)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times who the app is, want once for each identity connection", asked)
	}
}

func TestFault(t *testing.T) {
	for status, want := range map[int]fault.Kind{
		http.StatusNotFound: fault.NotFound, http.StatusPreconditionFailed: fault.PreconditionFailed, http.StatusConflict: fault.Conflict,
		http.StatusForbidden: fault.Forbidden, http.StatusServiceUnavailable: fault.Unavailable, http.StatusInternalServerError: fault.Unavailable,
		http.StatusTooManyRequests: fault.Throttled,
	} {
		err := Fault(&azcore.ResponseError{StatusCode: status, ErrorCode: "TheCode"}, "blob x")
		if fault.KindOf(err) != want || !strings.Contains(err.Error(), "TheCode") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d: %v", status, err)
		}
	}
	const forbidden = `{"code":"Forbidden","message":"the principal ci may not read it.\r\nActivityId: 1"}`
	answer := &http.Response{StatusCode: http.StatusForbidden, Status: "403 Forbidden", Body: io.NopCloser(strings.NewReader(forbidden))}
	answered := runtime.NewResponseErrorWithErrorCode(answer, answer.Status)
	dump := fmt.Errorf("failed to retrieve account properties: GET https://contoso/\n----\nRESPONSE 403: 403 Forbidden\nERROR CODE: 403 Forbidden\n----\n%s\n----\n", forbidden)
	for what, err := range map[string]error{"as Cosmos DB answers": answered, "in a text of it": dump} {
		told := Fault(err, "container x")
		if !fault.Is(told, fault.Forbidden) || told.Error() != "container x: the account answers 403 Forbidden: the principal ci may not read it." {
			t.Errorf("%s: %v", what, told)
		}
	}
	if err := Fault(errors.New("dial tcp 1.2.3.4:443: no route\nand more"), "blob x"); !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "more") {
		t.Errorf("unreachable: %v", err)
	}
	if err := Fault(context.Canceled, "blob x"); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Unavailable) {
		t.Errorf("cancelled: %v", err)
	}
	if err := Fault(nil, "blob x"); err != nil {
		t.Errorf("nothing: %v", err)
	}
}
