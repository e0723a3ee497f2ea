package cosmos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"golang.org/x/sync/errgroup"

	end "github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
)

// Sink implements end.Service.
func (s *Service) Sink(ctx context.Context, c settings.Connection, database, container, createWithKey string) (end.Sink, error) {
	client, err := s.container(ctx, c, database, container, createWithKey)
	if err != nil {
		return nil, err
	}
	opened := &sink{client: client, words: words(c, database, container)}
	_, err = opened.keys(ctx) // says whether it is there
	return opened, err
}

// sink upserts documents.
type sink struct {
	client *azcosmos.ContainerClient
	words  string

	mu    sync.Mutex
	paths []string // of the partition key, once known; guarded by mu
}

// keys are the paths of the container's partition key.
func (s *sink) keys(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paths == nil {
		got, err := s.client.Read(ctx, nil)
		if err != nil {
			return nil, storage.Fault(err, s.words)
		}
		s.paths = got.ContainerProperties.PartitionKeyDefinition.Paths
	}
	return s.paths, nil
}

// atOnce is how many documents are sent at the same time.
const atOnce = 16

// Upsert sends each document by itself: they may be of any partitions. Those of one
// partition key go in their order, so that the last version of a document is the one
// that stays.
func (s *sink) Upsert(ctx context.Context, docs [][]byte) error {
	paths, err := s.keys(ctx)
	if err != nil {
		return err
	}
	var order []string
	byKey := map[string][]int{}
	for i, doc := range docs {
		key, err := partitionKey(doc, paths)
		if err != nil {
			return fault.Wrap(fault.Invalid, s.words, err, "document %d of %d is no JSON object", i+1, len(docs))
		}
		if byKey[key] == nil {
			order = append(order, key)
		}
		byKey[key] = append(byKey[key], i)
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for _, key := range order {
		all.Go(func() error {
			for _, i := range byKey[key] {
				if err := s.one(ctx, key, docs[i]); err != nil {
					return fmt.Errorf("document %d of %d: %w", i+1, len(docs), err)
				}
			}
			return nil
		})
	}
	return all.Wait()
}

func (s *sink) one(ctx context.Context, key string, doc []byte) error {
	// The client's own keys have no word for a path that the document lacks.
	ctx = policy.WithHTTPHeader(ctx, http.Header{http.CanonicalHeaderKey("x-ms-documentdb-partitionkey"): {key}})
	_, err := s.client.UpsertItem(ctx, azcosmos.NewPartitionKey(), doc, nil)
	return storage.Fault(err, s.words)
}

// partitionKey is a document's partition key as the service's header has it: the values
// at the paths, {} for one that is missing, all in ASCII.
func partitionKey(doc []byte, paths []string) (string, error) {
	var all strings.Builder
	for i, path := range paths {
		all.WriteByte("[,"[min(i, 1)])
		value, err := valueAt(doc, path)
		if err != nil {
			return "", err
		}
		writeASCII(&all, value)
	}
	all.WriteByte(']')
	return all.String(), nil
}

// valueAt is the value at a path such as /address/city or /"a/b". What is no value of a
// key counts as missing, as the service has it.
func valueAt(doc []byte, path string) (string, error) {
	at := json.RawMessage(doc)
	for n, step := range steps(path) {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(at, &members); err != nil {
			if n == 0 {
				return "", err
			}
			return missing, nil
		}
		found, ok := members[step]
		if !ok {
			return missing, nil
		}
		at = found
	}
	if at[0] == '{' || at[0] == '[' {
		return missing, nil
	}
	return string(at), nil
}

// missing is what a key has in place of a value that is not there.
const missing = "{}"

// steps divides a path at its slashes outside of quotes.
func steps(path string) (all []string) {
	quoted := false
	for _, step := range strings.FieldsFunc(path, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == '/' && !quoted
	}) {
		all = append(all, strings.Trim(step, `"`))
	}
	return all
}

// writeASCII writes JSON with everything beyond ASCII escaped, as headers need it.
func writeASCII(b *strings.Builder, value string) {
	for _, r := range value {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
}
