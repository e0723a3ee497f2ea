package app

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestForeignUpload: a page of somebody else puts and reads no blob by the portal, and
// nobody does who has not signed in; the portal's own page does.
func TestForeignUpload(t *testing.T) {
	cfg := config.Default(t.TempDir())
	cfg.Portal.Port, cfg.Identity.Port, cfg.Cosmos.Port, cfg.EventHubs.AMQPPort, cfg.EventHubs.AMQPSPort, cfg.Functions.Port, cfg.Gateway.Port = 0, 0, 0, 0, 0, 0, 0
	cfg.Storage.BlobPort, cfg.Storage.QueuePort, cfg.Storage.TablePort = 0, 0, 0
	cfg.Storage.Containers = []string{"box"}
	cfg.Portal.Password = "open sesame"
	ready := make(chan struct{})
	a, err := build(t.Context(), Options{Config: cfg, Log: testkit.Discard(), Ready: func(Summary) { close(ready) }}, services())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	<-ready
	base := "http://" + a.doors.addresses["portal"]
	blob := base + "/api/storage/devstoreaccount1/containers/box/blob?name=a"
	for _, c := range []struct {
		name, method, password, origin, site string
		want                                 int
	}{
		{"nobody", "PUT", "", "", "", 401},
		{"nobody reads", "GET", "", "", "", 401},
		{"a foreign page", "PUT", "open sesame", "http://evil.example", "cross-site", 403},
		{"an old browser's foreign page", "PUT", "open sesame", "http://evil.example", "", 403},
		{"a foreign page deletes", "DELETE", "open sesame", "http://evil.example", "cross-site", 403},
		{"the own page", "PUT", "open sesame", base, "same-origin", 201},
		{"the own page reads", "GET", "open sesame", "", "same-origin", 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, blob, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/octet-stream")
		for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if c.password != "" {
			r.Header.Set("Authorization", "Bearer "+c.password)
		}
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		if reply.StatusCode != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, reply.StatusCode, body, c.want)
		}
	}
}
