package app

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/blob"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/page/blobs"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// blobPages is storage accounts and their blobs as the portal shows them.
func (e *env) blobPages(store *objectstore.Store) []portal.Page {
	pages := blobs.Pages(blobs.Config{
		Usage: store.Usage, Tasks: e.Tasks,
		Accounts: func() (all []blobs.Named) {
			base := "http://" + connect.Host(e.Doors.addresses[instance.Blob], "") + "/"
			for _, a := range e.Exists.Accounts(resource.StorageAccounts) {
				named := blobs.Named{Account: a, Usual: a == e.Storage.blobs, URL: base + a.Name, Stored: store.Account(a.ID)}
				if hosts := e.hosts(a); len(hosts) > 0 {
					named.Host = hosts[0]
				}
				all = append(all, named)
			}
			return all
		},
		Changes: blobs.Changes{
			Create: func(ctx context.Context, id resource.ID, access string) error {
				level := map[string]string{"blob": "Blob", "container": "Container"}[access]
				return e.Exists.Create(ctx, id, blob.ContainerProperties{PublicAccess: level}.JSON())
			},
			Remove: e.Exists.Remove,
		},
		Asked: e.asked(storage.Blob),
		Sign: func(a resource.Account, s blobs.Signature) (string, error) {
			return storage.NewBlobSAS(readStorageKeys(e.Exists.Properties(a)), a.Name, storage.BlobSAS{
				Container: s.Container, Blob: s.Blob, Snapshot: s.Snapshot, Version: s.Version,
				Permissions: s.Permissions, Start: s.Start, Expiry: s.Expiry, IP: s.IP, HTTPS: s.HTTPS,
			})
		},
	})
	pages[0].Totals = e.Counts.StorageTotals // of all services of the accounts
	pages[0].Metrics = e.storageMetrics
	return pages
}

// storageMetrics are the numbers of all services of the accounts.
func (e *env) storageMetrics(emit func(portal.Metric)) {
	names := map[uint64]string{}
	for _, a := range e.Exists.Accounts(resource.StorageAccounts) {
		names[a.ID] = a.Name
	}
	e.Counts.StorageServices(func(account uint64, service storage.Service, s *telemetry.Storage) {
		name, there := names[account]
		if !there {
			return
		}
		labels := []string{"account", name, "service", service.String()}
		refused, failed := s.Refused.Load(), s.Failed.Load()
		for outcome, n := range map[string]int64{"succeeded": max(s.Requests.Load()-refused-failed, 0), "refused": refused, "failed": failed} {
			emit(portal.Metric{Name: "lazuli_storage_transactions_total", Help: "Requests that were answered: below 400, 4xx, 5xx.", Labels: append(labels[:4:4], "outcome", outcome), Value: float64(n)})
		}
		emit(portal.Metric{Name: "lazuli_storage_ingress_bytes_total", Help: "Bytes of content that came.", Labels: labels, Value: float64(s.BytesIn.Load())})
		emit(portal.Metric{Name: "lazuli_storage_egress_bytes_total", Help: "Bytes of content that went.", Labels: labels, Value: float64(s.BytesOut.Load())})
		emit(portal.Metric{Name: "lazuli_storage_latency_seconds_total", Help: "How long requests took together.", Labels: labels, Value: float64(s.Micros.Load()) / 1e6})
	})
}
