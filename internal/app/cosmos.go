package app

import (
	"net/http"
	"os"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// answerLimit bounds a document request from its last byte to the last byte of
// its answer.
const answerLimit = 5 * time.Minute

// addCosmos opens the document account's ports: the account's own, and with
// cosmos.computePort a second, lenient one.
func (a *App) addCosmos() error {
	cfg := a.opts.Config.Cosmos
	authority, err := os.ReadFile(a.doors.ca.Path())
	if err != nil {
		return err
	}
	account := cosmos.Config{
		Store:         a.storage.account,
		Log:           a.log.With("component", "cosmos"),
		Keys:          []string{cfg.Key},
		StrictGateway: cfg.StrictGateway,
		Consistency:   cfg.Consistency,
		Authority:     authority,

		AdvertisedEndpoint: cfg.Endpoint,
		OnRequest:          a.counts.FromCosmos,
	}
	if a.account, err = a.openCosmos(account, resource.CosmosAccounts, instance.Cosmos, cfg.Port, "Cosmos DB", "cosmos.port"); err != nil || cfg.ComputePort == nil {
		return err
	}
	account.StrictGateway, account.AdvertisedEndpoint = false, ""
	_, err = a.openCosmos(account, typeCompute, instance.CosmosCompute, *cfg.ComputePort, "Cosmos DB (compute gateway)", "cosmos.computePort")
	return err
}

func (a *App) openCosmos(c cosmos.Config, kind, service string, port config.Port, title, key string) (*cosmos.Service, error) {
	svc, err := cosmos.New(c)
	if err != nil {
		return nil, err
	}
	a.doors.Route(door.Route{Type: kind, HTTP: func(resource.Account) http.Handler { return svc }})
	return svc, a.doors.open(service, port, door.Port{
		Title: title, Key: key, TLS: door.Either, WriteTimeout: answerLimit, Log: c.Log, Account: a.doors.account(kind, resource.Default),
	})
}
