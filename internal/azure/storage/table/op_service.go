package table

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// checkService refuses an address of the service without restype=service.
func (x *exchange) checkService() error {
	if restype := x.r.Query.Get("restype"); restype != "service" {
		return storage.InvalidQuery("restype", restype, "It is service.")
	}
	return nil
}

// getProperties answers the properties of the service, all of them.
func (x *exchange) getProperties() error {
	if err := x.checkService(); err != nil {
		return err
	}
	return x.reply(http.StatusOK, xmlType, x.svc.endpoint.Properties().XML(storage.Table))
}

// setProperties changes what the body has of them. Logging and metrics are kept and
// told, not done.
func (x *exchange) setProperties() error {
	if err := x.checkService(); err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	changes, err := storage.ParseProperties(storage.Table, body)
	if err != nil {
		return err
	}
	next := x.svc.endpoint.Properties().Merge(changes)
	if err := x.svc.store.SetServiceProperties(x.r.HTTP.Context(), next.XML(storage.Table)); err != nil {
		return err
	}
	return x.reply(http.StatusAccepted, "", []byte{})
}

// getStats answers how far the secondary is, which the secondary alone says. There
// is one copy of everything, so it is always up to date.
func (x *exchange) getStats() error {
	if err := x.checkService(); err != nil {
		return err
	}
	if !x.r.Secondary {
		return storage.InvalidQuery("comp", "stats", "Statistics are at the secondary endpoint, ACCOUNT-secondary.")
	}
	b := append([]byte(storage.XMLHeader), "<StorageServiceStats><GeoReplication>"...)
	b = storage.AppendElement(b, "Status", "live")
	b = storage.AppendElement(b, "LastSyncTime", x.svc.now().UTC().Format(http.TimeFormat))
	return x.reply(http.StatusOK, xmlType, append(b, "</GeoReplication></StorageServiceStats>"...))
}
