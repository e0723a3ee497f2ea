package queue

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// Get and Set Queue Service Properties, Get Queue Service Stats, Get User Delegation
// Key. Logging and metrics are kept and told; nothing is logged for them. Statistics
// are those of the secondary, as on Azure, which is always up to date here.

func (x *exchange) getProperties() error {
	return x.reply(http.StatusOK, x.svc.endpoint.Properties().XML(storage.Queue))
}

func (x *exchange) setProperties() error {
	body, err := x.body()
	if err != nil {
		return err
	}
	changes, err := storage.ParseProperties(storage.Queue, body)
	if err != nil {
		return err
	}
	merged := x.svc.endpoint.Properties().Merge(changes)
	if err := x.svc.store.SetServiceProperties(x.h.Context(), merged.XML(storage.Queue)); err != nil {
		return err
	}
	return x.reply(http.StatusAccepted, nil)
}

func (x *exchange) getStats() error {
	if !x.r.Secondary {
		return storage.InvalidQuery("comp", "stats", "Only the secondary endpoint has statistics.")
	}
	b := append([]byte(storage.XMLHeader), "<StorageServiceStats><GeoReplication><Status>live</Status>"...)
	b = storage.AppendElement(b, "LastSyncTime", x.svc.now().UTC().Format(http.TimeFormat))
	return x.reply(http.StatusOK, append(b, "</GeoReplication></StorageServiceStats>"...))
}

func (x *exchange) getDelegationKey() error {
	body, err := x.body()
	if err != nil {
		return err
	}
	key, err := x.svc.endpoint.UserDelegationKey(x.r, x.grant, body)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, key)
}
