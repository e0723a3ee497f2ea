package changefeed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Container is the change feed of a container of the service. azcosmos has no
// requests for it yet, so it has a pipeline of its own, over azcore, with the same
// retries. It asks the endpoint that it is given, in whatever region that is.
type Container struct {
	pipeline  runtime.Pipeline
	endpoint  string // without a slash at its end
	host      string
	database  string
	container string

	mu     sync.Mutex
	ranges []Range // those of the service as they were last seen; guarded by mu
	rid    string  // the container's, once known; guarded by mu
}

// ContainerOptions are the options of a container's client; the zero value is azcore's
// defaults.
type ContainerOptions struct {
	azcore.ClientOptions
}

// NewContainer opens the change feed of a container for an identity, which needs the
// role Cosmos DB Built-in Data Reader. It asks nothing yet. o may be nil.
func NewContainer(endpoint string, cred azcore.TokenCredential, database, container string, o *ContainerOptions) (*Container, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	scope := u.Scheme + "://" + u.Hostname() + "/.default" // as azcosmos asks for it
	return newContainer(u, &tokenPolicy{cred, scope}, database, container, o)
}

// NewContainerWithKey is NewContainer with a key of the account, which may be a
// read-only one.
func NewContainerWithKey(endpoint, key, database, container string, o *ContainerOptions) (*Container, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	sign, err := newKeyPolicy(key)
	if err != nil {
		return nil, err
	}
	return newContainer(u, sign, database, container, o)
}

// NewContainerFromConnectionString is NewContainerWithKey of an account's connection
// string.
func NewContainerFromConnectionString(text, database, container string, o *ContainerOptions) (*Container, error) {
	var endpoint, key string
	for pair := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch strings.ToLower(name) {
		case "accountendpoint":
			endpoint = value
		case "accountkey":
			key = value
		}
	}
	if endpoint == "" || key == "" {
		return nil, errors.New("changefeed: the connection string needs AccountEndpoint and AccountKey")
	}
	return NewContainerWithKey(endpoint, key, database, container, o)
}

func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("changefeed: the endpoint %q is no address such as https://NAME.documents.azure.com:443/", endpoint)
	}
	return u, nil
}

func newContainer(u *url.URL, auth policy.Policy, database, container string, o *ContainerOptions) (*Container, error) {
	if database == "" || container == "" {
		return nil, errors.New("changefeed: a database and a container are needed")
	}
	if o == nil {
		o = &ContainerOptions{}
	}
	return &Container{
		pipeline: runtime.NewPipeline("changefeed", "v0", runtime.PipelineOptions{
			PerRetry: []policy.Policy{auth},
			AllowedHeaders: []string{
				headerActivity, headerSubStatus, headerRange, headerMaxItems, headerContinuation, "A-IM", "If-None-Match", "If-Modified-Since", "Etag",
			},
		}, &o.ClientOptions),
		endpoint: u.Scheme + "://" + u.Host, host: u.Hostname(), database: database, container: container,
	}, nil
}

// Headers of the service.
const (
	headerVersion      = "X-Ms-Version"
	headerDate         = "X-Ms-Date"
	headerRange        = "X-Ms-Documentdb-Partitionkeyrangeid"
	headerStart        = "X-Ms-Start-Epk"
	headerEnd          = "X-Ms-End-Epk"
	headerReadKey      = "X-Ms-Read-Key-Type"
	headerMaxItems     = "X-Ms-Max-Item-Count"
	headerContinuation = "X-Ms-Continuation"
	headerActivity     = "X-Ms-Activity-Id"
	headerSubStatus    = "X-Ms-Substatus"
	headerContainerRID = "X-Ms-Cosmos-Intended-Collection-Rid"
)

// apiVersion is the version of the REST interface, that of azcosmos 1.
const apiVersion = "2020-11-05"

// link is the container as requests for it are signed.
func (c *Container) link() string { return "dbs/" + c.database + "/colls/" + c.container }

// get asks for a resource below a database or container. link is what is signed: the
// resource itself, or for a list what it is in.
func (c *Container) get(ctx context.Context, path, kind, link string, headers map[string]string, answers ...int) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, c.endpoint+"/"+path)
	if err != nil {
		return nil, err
	}
	req.Raw().Header.Set("Accept", "application/json")
	req.Raw().Header.Set(headerVersion, apiVersion)
	for name, value := range headers {
		if value != "" {
			req.Raw().Header.Set(name, value)
		}
	}
	req.SetOperationValue(resource{kind, link})
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	if !runtime.HasStatusCode(resp, append(answers, http.StatusOK)...) {
		return resp, runtime.NewResponseError(resp)
	}
	return resp, nil
}

// path is the container in addresses.
func (c *Container) path() string {
	return "dbs/" + url.PathEscape(c.database) + "/colls/" + url.PathEscape(c.container)
}

// Identity implements Source.
func (c *Container) Identity(ctx context.Context) (id Identity, err error) {
	id.AccountHost = c.host
	if id.DatabaseRID, err = c.resourceID(ctx, "dbs/"+url.PathEscape(c.database), "dbs", "dbs/"+c.database); err != nil {
		return id, err
	}
	if id.ContainerRID, err = c.resourceID(ctx, c.path(), "colls", c.link()); err != nil {
		return id, err
	}
	c.mu.Lock()
	c.rid = id.ContainerRID
	c.mu.Unlock()
	return id, nil
}

func (c *Container) resourceID(ctx context.Context, path, kind, link string) (string, error) {
	resp, err := c.get(ctx, path, kind, link, nil) //nolint:bodyclose // UnmarshalAsJSON reads it to its end and closes it
	if err != nil {
		return "", containerError(link, err)
	}
	var got struct {
		RID string `json:"_rid"`
	}
	err = runtime.UnmarshalAsJSON(resp, &got)
	return got.RID, err
}

// Ranges implements Source.
func (c *Container) Ranges(ctx context.Context) (all []Range, err error) {
	for more := ""; ; {
		resp, err := c.get(ctx, c.path()+"/pkranges", "pkranges", c.link(), map[string]string{headerContinuation: more}) //nolint:bodyclose // as above
		if err != nil {
			return nil, containerError("the ranges of "+c.link(), err)
		}
		var page struct {
			PartitionKeyRanges []struct {
				ID      string   `json:"id"`
				Min     string   `json:"minInclusive"`
				Max     string   `json:"maxExclusive"`
				Parents []string `json:"parents"`
			}
		}
		if err := runtime.UnmarshalAsJSON(resp, &page); err != nil {
			return nil, err
		}
		for _, r := range page.PartitionKeyRanges {
			all = append(all, Range{r.ID, r.Min, r.Max, r.Parents})
		}
		if more = resp.Header.Get(headerContinuation); more == "" {
			break
		}
	}
	all = current(all)
	c.mu.Lock()
	c.ranges = all
	c.mu.Unlock()
	return all, nil
}

// current leaves out ranges that have been split: those that are a parent of another.
func current(all []Range) []Range {
	old := map[string]bool{}
	for _, r := range all {
		for _, parent := range r.Parents {
			old[parent] = true
		}
	}
	now := all[:0:0]
	for _, r := range all {
		if !old[r.ID] {
			now = append(now, r)
		}
	}
	return now
}

// Now implements Source.
func (c *Container) Now(ctx context.Context, r Range) (string, error) {
	page, err := c.read(ctx, Query{Range: r, Max: 1}, map[string]string{"If-None-Match": "*"})
	return page.Next, err
}

// Read implements Source.
func (c *Container) Read(ctx context.Context, q Query) (Page, error) {
	start := map[string]string{}
	switch {
	case q.After != "":
		start["If-None-Match"] = q.After
	case !q.Since.IsZero():
		start["If-Modified-Since"] = q.Since.UTC().Format(http.TimeFormat)
	}
	return c.read(ctx, q, start)
}

// read asks for changes from where the headers say.
func (c *Container) read(ctx context.Context, q Query, headers map[string]string) (Page, error) {
	if err := c.route(ctx, q.Range, headers); err != nil {
		return Page{}, err
	}
	headers["A-IM"] = "Incremental Feed"
	if q.Max > 0 {
		headers[headerMaxItems] = strconv.Itoa(q.Max)
	}
	c.mu.Lock()
	headers[headerContainerRID] = c.rid
	c.mu.Unlock()
	resp, err := c.get(ctx, c.path()+"/docs", "docs", c.link(), headers, http.StatusNotModified) //nolint:bodyclose // as above, and Drain
	if err != nil {
		return Page{}, c.readError(err, q.Range)
	}
	page := Page{Next: resp.Header.Get("Etag")}
	if resp.StatusCode == http.StatusNotModified {
		runtime.Drain(resp)
		return page, nil
	}
	var got struct {
		Documents []json.RawMessage
	}
	if err := runtime.UnmarshalAsJSON(resp, &got); err != nil {
		return Page{}, fmt.Errorf("the changes of %s: %w", c.link(), err)
	}
	page.Docs = got.Documents
	return page, nil
}

// route says which range of the service is read, and which part of it.
func (c *Container) route(ctx context.Context, want Range, headers map[string]string) error {
	if want.ID != "" {
		headers[headerRange] = want.ID
		return nil
	}
	c.mu.Lock()
	known := c.ranges
	c.mu.Unlock()
	if known == nil {
		var err error
		if known, err = c.Ranges(ctx); err != nil {
			return err
		}
	}
	for _, r := range known {
		if !overlap(r, want) {
			continue
		}
		if r.Min > want.Min || r.Max < want.Max {
			return fmt.Errorf("%w: the keys %s to %s are in more than one", ErrSplit, want.Min, want.Max)
		}
		headers[headerRange] = r.ID
		if r.Min != want.Min || r.Max != want.Max {
			headers[headerReadKey], headers[headerStart], headers[headerEnd] = "EffectivePartitionKeyRange", want.Min, want.Max
		}
		return nil
	}
	return fmt.Errorf("%w: no range has the keys %s to %s", ErrSplit, want.Min, want.Max)
}

// Sub-status codes of the service.
const (
	readSessionNotAvailable = "1002" // with 404
	otherContainer          = "1024" // with 400
)

// readError tells what the refusal to read a range means.
func (c *Container) readError(err error, r Range) error {
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) {
		return fmt.Errorf("the changes of %s: %w", c.link(), err)
	}
	sub := refused.RawResponse.Header.Get(headerSubStatus)
	switch {
	case refused.StatusCode == http.StatusGone:
		c.mu.Lock()
		c.ranges = nil // they are not what they were
		c.mu.Unlock()
		return fmt.Errorf("range %s of %s: %w: %w", r.ID, c.link(), ErrSplit, err)
	case refused.StatusCode == http.StatusNotFound && sub != readSessionNotAvailable,
		refused.StatusCode == http.StatusBadRequest && sub == otherContainer:
		return fmt.Errorf("%s: %w: %w", c.link(), ErrDeleted, err)
	}
	return fmt.Errorf("the changes of %s: %w", c.link(), err)
}
