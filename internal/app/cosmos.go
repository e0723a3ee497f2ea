package app

import (
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// answerLimit bounds a document request from its last byte to the last byte of
// its answer.
const answerLimit = 5 * time.Minute

// portalFolder is where the portal keeps what people asked and exported, in the
// data folder.
const portalFolder = "portal"

// cosmosDB is the document account behind its ports: its own, and with
// cosmos.computePort a second, lenient one.
func cosmosDB(e *env) (parts, error) {
	cfg := e.Config.Cosmos
	p := containerParts(e)
	authority, err := os.ReadFile(e.Doors.ca.Path())
	if err != nil {
		return p, err
	}
	account := cosmos.Config{
		Store:         e.Storage.account,
		Exists:        e.Exists,
		Account:       e.Storage.documents,
		Log:           e.Log.With("component", "cosmos"),
		Keys:          []string{cfg.Key},
		StrictGateway: cfg.StrictGateway,
		Consistency:   cfg.Consistency,
		Authority:     authority,

		AdvertisedEndpoint: cfg.Endpoint,
		OnRequest:          e.Counts.FromCosmos,
	}
	svc, err := openCosmos(e, &p, account, e.Storage.documents, instance.Cosmos, cfg.Port, "Cosmos DB", "cosmos.port")
	if err != nil {
		return p, err
	}
	p.Pages = items.Pages(items.Config{
		Name: e.Storage.documents.Name, Account: e.Storage.account, Counts: e.Counts,
		Query: explorer{svc}, Manage: explorer{svc}, Start: e.startTask,
		History:   items.OpenHistory(filepath.Join(e.Config.DataDir(), portalFolder, "queries.ndjson"), account.Log),
		Folder:    filepath.Join(e.Config.DataDir(), portalFolder, "exports"),
		Positions: func() map[string]bool { return appsPage(e.Counts, e.Given.Apps).Positions() },
	})
	if cfg.ComputePort == nil {
		return p, nil
	}
	account.StrictGateway, account.AdvertisedEndpoint = false, ""
	lenient := resource.Account{ID: e.Storage.documents.ID, Type: typeCompute, Name: resource.Default}
	_, err = openCosmos(e, &p, account, lenient, instance.CosmosCompute, *cfg.ComputePort, "Cosmos DB (compute gateway)", "cosmos.computePort")
	return p, err
}

// openCosmos adds what answers on a port of the account.
func openCosmos(e *env, p *parts, c cosmos.Config, at resource.Account, service string, port config.Port, title, key string) (*cosmos.Service, error) {
	svc, err := cosmos.New(c)
	if err != nil {
		return nil, err
	}
	p.Routes = append(p.Routes, door.Route{Type: at.Type, HTTP: func(resource.Account) http.Handler { return svc }})
	return svc, e.Doors.open(service, port, door.Port{
		Title: title, Key: key, TLS: door.Either, WriteTimeout: answerLimit, Log: c.Log, Account: at,
	})
}

// containerService is the containers of this process as functions reach them.
func (e *env) containerService() *container.Local {
	return &container.Local{Reach: e.reach("Cosmos DB"), Find: e.needContainer}
}

func (e *env) findContainer(database, name string) (*docstore.Container, error) {
	db, err := e.Storage.account.Database(database)
	if err != nil {
		return nil, err
	}
	return db.Container(name)
}

// needContainer finds a container. A missing one comes to be when it is asked
// for with a partition key, or if the project allows it.
func (e *env) needContainer(ctx context.Context, database, name, key string) (*docstore.Container, error) {
	var properties []byte
	if key != "" {
		properties = cosmos.KeyedBy(key)
	}
	id := resource.ID{Account: e.Storage.documents, Type: resource.Containers, Name: database + "/" + name}
	if err := e.Exists.Need(ctx, id, properties); err != nil {
		return nil, err
	}
	return e.findContainer(database, name)
}

// containerParts is what databases and containers are to the rest of the house.
func containerParts(e *env) parts {
	st, find := e.Storage, e.findContainer
	ensure := func(ctx context.Context, database, name string) error {
		_, err := e.needContainer(ctx, database, name, "")
		return err
	}
	end := container.End{Containers: e.containerService()}
	p := parts{
		Kinds:    cosmos.Kinds(st.docs, e.containerOnUse),
		Suffixes: []suffix{{"documents.azure.com", resource.CosmosAccounts}},
		Triggers: trigger.Table{end.Trigger()},
		Outputs:  output.Table{end.Output()},
		Streams: jobs.Kinds{
			References: []jobs.ReferenceKind{container.ReferenceKind(find)},
			Sinks:      []jobs.SinkKind{container.SinkKind(find, ensure)},
		},
		Engines: []part{{name: "documents", run: st.docs.Run}},
		Summary: func(s *Summary) {
			for _, d := range st.account.Databases() {
				db := DatabaseSummary{Name: d.ID()}
				for _, c := range d.Containers() {
					db.Containers = append(db.Containers, c.ID())
				}
				s.Databases = append(s.Databases, db)
			}
		},
	}
	for _, name := range slices.Sorted(maps.Keys(e.Config.Cosmos.Databases)) {
		path, containers := "cosmos.databases."+name, e.Config.Cosmos.Databases[name].Containers
		p.Declared = append(p.Declared, declared{path: path, id: resource.ID{Account: st.documents, Type: resource.Databases, Name: name}})
		for _, id := range slices.Sorted(maps.Keys(containers)) {
			p.Declared = append(p.Declared, declared{
				path: path + ".containers." + id, id: resource.ID{Account: st.documents, Type: resource.Containers, Name: name + "/" + id},
				properties: containerProperties(containers[id]),
			})
		}
	}
	return p
}

func containerProperties(c config.Container) []byte {
	return cosmos.Declaration{
		PartitionKey: c.PartitionKey, DefaultTTL: (*int32)(c.DefaultTTL), UniqueKeys: c.UniqueKeys, IndexingPolicy: c.IndexingPolicy,
	}.JSON()
}

// containerOnUse says whether naming a database, or DATABASE/CONTAINER, is
// enough to make it.
func (e *env) containerOnUse(_ resource.Account, name string) error {
	if e.Config.ContainersAutoCreated() {
		return nil
	}
	database, id, _ := strings.Cut(name, "/")
	return fault.New(fault.NotFound, "container "+id, "no such container (declare it under cosmos.databases.%s.containers in %s)", database, config.FileName)
}
