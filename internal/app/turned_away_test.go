package app

import (
	"encoding/base64"
	"log/slog"
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
		log := r.log.String()
		for _, want := range []string{"component=eventhubs account=default from=127.0.0.1:", "component=cosmos account=default from=127.0.0.1:"} {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %q:\n%s", want, log)
			}
		}
		if strings.Contains(log, wrong) || strings.Contains(log, key) || strings.Count(log, "component=cosmos account=default from") > 5 {
			t.Errorf("the log:\n%s", log)
		}
	})
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
