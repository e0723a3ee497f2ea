// Package cosmos is the containers of documents of other processes, Azure's first of
// all, as functions reach them: package container of internal/end over the official
// client and package changefeed.
package cosmos

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
)

// Service implements Service of internal/end/container. Its methods may be called at
// the same time.
type Service struct {
	// Credential is who an identity connection is. Required.
	Credential func(settings.Connection) (azcore.TokenCredential, error)
	// Transport sends requests; nil: the SDK's own.
	Transport policy.Transporter

	mu      sync.Mutex
	clients map[string]*azcosmos.Client // by connection; guarded by mu
}

// Feed implements end.Service.
func (s *Service) Feed(ctx context.Context, c settings.Connection, database, container string) (changefeed.Source, error) {
	o := &changefeed.ContainerOptions{ClientOptions: s.options()}
	var feed *changefeed.Container
	var err error
	if c.UsesIdentity() {
		who, wrong := s.Credential(c)
		if wrong != nil {
			return nil, wrong
		}
		feed, err = changefeed.NewContainer(address(c), who, database, container, o)
	} else {
		key, wrong := keyOf(c)
		if wrong != nil {
			return nil, wrong
		}
		feed, err = changefeed.NewContainerWithKey(address(c), key, database, container, o)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "setting "+c.Setting, err, "its account")
	}
	opened := &source{feed, words(c, database, container)}
	_, err = opened.Identity(ctx) // says whether it is there
	return opened, err
}

func words(c settings.Connection, database, container string) string {
	return fmt.Sprintf("container %s/%s of setting %s", database, container, c.Setting)
}

// address is the account's, in the form that SDKs want.
func address(c settings.Connection) string {
	if c.Endpoint == nil {
		return ""
	}
	scheme := c.Endpoint.Scheme
	if scheme != "http" {
		scheme = "https"
	}
	return scheme + "://" + c.Endpoint.Host + "/"
}

func keyOf(c settings.Connection) (string, error) {
	_, key, found := c.Key()
	if !found || c.Endpoint == nil {
		return "", fault.New(fault.Invalid, "setting "+c.Setting, "a connection string of Cosmos DB has an AccountEndpoint and an AccountKey")
	}
	if _, err := base64.StdEncoding.DecodeString(key); err != nil {
		return "", fault.New(fault.Invalid, "setting "+c.Setting, "its AccountKey is not base64") // the cause quotes it
	}
	return key, nil
}

// options give up within seconds: whoever calls tries again and says why.
func (s *Service) options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: 2, TryTimeout: 20 * time.Second, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 2 * time.Second},
		Telemetry: policy.TelemetryOptions{ApplicationID: "lazuli"},
		Transport: s.Transport,
	}
}

// client is the client of a connection's account, made at its first use.
func (s *Service) client(c settings.Connection) (*azcosmos.Client, error) {
	name := c.Setting + "\x00" + c.String + "\x00" + address(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if made := s.clients[name]; made != nil {
		return made, nil
	}
	made, err := s.open(c)
	if err != nil {
		return nil, err
	}
	if s.clients == nil {
		s.clients = map[string]*azcosmos.Client{}
	}
	s.clients[name] = made
	return made, nil
}

func (s *Service) open(c settings.Connection) (*azcosmos.Client, error) {
	o := &azcosmos.ClientOptions{ClientOptions: s.options()}
	if c.UsesIdentity() {
		who, err := s.Credential(c)
		if err != nil {
			return nil, err
		}
		return azcosmos.NewClient(address(c), who, o)
	}
	key, err := keyOf(c)
	if err != nil {
		return nil, err
	}
	cred, err := azcosmos.NewKeyCredential(key)
	if err != nil {
		return nil, err
	}
	return azcosmos.NewClientWithKey(address(c), cred, o)
}

// container is a client of a container, which is made with the partition key first
// when that is not empty.
func (s *Service) container(ctx context.Context, c settings.Connection, database, name, createWithKey string) (*azcosmos.ContainerClient, error) {
	client, err := s.client(c)
	if err != nil {
		return nil, err
	}
	if createWithKey != "" {
		if err := create(ctx, client, database, name, createWithKey); err != nil {
			return nil, storage.Fault(err, words(c, database, name))
		}
	}
	return client.NewContainer(database, name)
}

// create makes a database and a container, unless they are there.
func create(ctx context.Context, client *azcosmos.Client, database, name, key string) error {
	db, err := client.NewDatabase(database)
	if err != nil {
		return err
	}
	c, err := db.NewContainer(name)
	if err != nil {
		return err
	}
	if _, err = c.Read(ctx, nil); status(err) != http.StatusNotFound {
		return err
	}
	if _, err := client.CreateDatabase(ctx, azcosmos.DatabaseProperties{ID: database}, nil); err != nil && status(err) != http.StatusConflict {
		return err
	}
	paths := azcosmos.PartitionKeyDefinition{Paths: strings.Split(key, ","), Version: 2}
	_, err = db.CreateContainer(ctx, azcosmos.ContainerProperties{ID: name, PartitionKeyDefinition: paths}, nil)
	if status(err) == http.StatusConflict {
		return nil
	}
	return err
}

func status(err error) int {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}
