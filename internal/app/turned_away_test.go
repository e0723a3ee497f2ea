package app

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestWrongKeyIsLogged: with the account and who came, and without the key.
func TestWrongKeyIsLogged(t *testing.T) {
	testkit.NoLeaks(t)
	const wrong = "d3Jvbmcta2V5LW9mLXNvbWVib2R5"
	inHouse(t, "eventHubs: {hubs: {a: {}}}\n", nil, func(r *rig) {
		for range 3 {
			r.produce(r.connection("RootManageSharedAccessKey", wrong), "a")
		}
		key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("wrong", 13))[:64])
		for range 20 {
			r.cosmos(r.url(instance.Cosmos), key, "GET", "dbs", "", "dbs", "")
		}
		for _, service := range []string{instance.Blob, instance.Queue, instance.Table} {
			for range 20 {
				r.wrongSignature(service)
			}
		}
		log := r.log.String()
		for _, want := range []string{
			"component=eventhubs account=default from=127.0.0.1:", "component=cosmos account=default from=127.0.0.1:",
			"component=storage account=devstoreaccount1 from=127.0.0.1:", "service=blob container=box reason=AuthenticationFailed",
			"service=queue container=box reason=AuthenticationFailed", "service=table container=box reason=AuthenticationFailed",
		} {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %q:\n%s", want, log)
			}
		}
		if strings.Contains(log, wrong) || strings.Contains(log, key) || strings.Count(log, "component=cosmos account=default from") > 5 || strings.Count(log, "component=storage") > 15 {
			t.Errorf("the log:\n%s", log)
		}
	})
}

// wrongSignature asks a storage service for a container, queue or table with a key
// that is none.
func (r *rig) wrongSignature(service string) {
	r.t.Helper()
	what := "/devstoreaccount1/box?comp=acl"
	if service == instance.Blob {
		what += "&restype=container"
	}
	req, err := http.NewRequest("GET", r.url(service)+what, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("x-ms-date", time.Now().UTC().Format(http.TimeFormat))
	req.Header.Set("x-ms-version", "2023-11-03")
	req.Header.Set("Authorization", "SharedKey devstoreaccount1:"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		r.t.Errorf("%s: a wrong signature is answered with %d", service, answer.StatusCode)
	}
}

// TestTurnedAwayOnceASecond counts what it leaves out.
func TestTurnedAwayOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log warnings
		told := newTurnedAway(resource.Account{Name: "mine"}, slog.New(slog.NewTextHandler(&log, nil))).fromCosmos(func(cosmos.RequestDone) {})
		for range 100 {
			told(cosmos.RequestDone{Status: 401, Remote: "192.0.2.1:5", Database: "d"})
			told(cosmos.RequestDone{Status: 200, Remote: "192.0.2.2:5"})
		}
		time.Sleep(time.Second)
		told(cosmos.RequestDone{Status: 401, Remote: "192.0.2.1:5"})
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "account=mine from=192.0.2.1:5 database=d") || !strings.HasSuffix(lines[1], "omitted_since_last=99") {
			t.Errorf("%q", lines)
		}
	})
}
