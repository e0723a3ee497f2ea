package blob

import (
	"context"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// Get and Set Blob Service Properties, Get Blob Service Stats (of the secondary), Get
// Account Information, Get User Delegation Key.

func (x *exchange) serviceProperties() error {
	return x.replyXML(http.StatusOK, x.svc.endpoint.Properties().XML(storage.Blob))
}

// setServiceProperties merges: what the document leaves out stays. The retention of
// deleted blobs is the engine's, and set along.
func (x *exchange) setServiceProperties() error {
	body, err := x.readDocument()
	if err != nil {
		return err
	}
	change, err := storage.ParseProperties(storage.Blob, body)
	if err != nil {
		return err
	}
	if err := x.svc.setProperties(x.ctx(), change); err != nil {
		return err
	}
	return x.reply(http.StatusAccepted)
}

func (x *exchange) stats() error {
	if !x.req.Secondary {
		return storage.InvalidQuery("comp", "stats", "Statistics are answered by the secondary endpoint.")
	}
	d := document{}
	d.raw(storage.XMLHeader)
	d.raw("<StorageServiceStats><GeoReplication><Status>live</Status>")
	d.text("LastSyncTime", rfc1123(x.svc.now()))
	d.raw("</GeoReplication></StorageServiceStats>")
	return x.replyXML(http.StatusOK, d.b)
}

func (x *exchange) accountInfo() error {
	x.set("x-ms-sku-name", "Standard_RAGRS")
	x.set("x-ms-account-kind", "StorageV2")
	x.set("x-ms-is-hns-enabled", "false")
	return x.reply(http.StatusOK)
}

// delegationKey answers with a key that signs SAS in the name of the token's bearer.
func (x *exchange) delegationKey() error {
	body, err := x.readDocument()
	if err != nil {
		return err
	}
	key, err := x.svc.endpoint.UserDelegationKey(x.req, x.grant, body)
	if err != nil {
		return err
	}
	return x.replyXML(http.StatusOK, key)
}

// setProperties merges a change into the service's properties.
func (s *Service) setProperties(ctx context.Context, change storage.Properties) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	after := s.endpoint.Properties().Merge(change)
	if d := change.DeleteRetentionPolicy; d != nil {
		r := s.store.Retention()
		if r.BlobDays = 0; d.Enabled {
			r.BlobDays = d.Days
		}
		if err := s.store.SetRetention(ctx, r); err != nil {
			return err
		}
	}
	return s.store.SetServiceProperties(ctx, after.XML(storage.Blob))
}

// noPublic reports whether the account lets nobody in without authorization.
func (s *Service) noPublic() bool { return s.access.Keys().NoPublic }
