package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// cosmosClient speaks the REST dialect with signed requests, over plain HTTP,
// and as little else as possible: what is measured is the server.
type cosmosClient struct {
	base string
	key  []byte
	http *http.Client
}

func newCosmosClient(s *server, connections int) (*cosmosClient, error) {
	key, err := base64.StdEncoding.DecodeString(s.connection.CosmosKey)
	if err != nil {
		return nil, err
	}
	return &cosmosClient{base: "http://" + s.info.Addresses["cosmos"], key: key, http: client(connections)}, nil
}

const benchContainer = "dbs/serverless_db/colls/bench"

// do sends one request. link is the resource link that the signature names.
func (c *cosmosClient) do(ctx context.Context, method, path, link string, body []byte, header map[string]string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, c.key)
	fmt.Fprintf(mac, "%s\ndocs\n%s\n%s\n\n", strings.ToLower(method), link, strings.ToLower(date))
	req.Header.Set("Authorization", url.QueryEscape("type=master&ver=1.0&sig="+base64.StdEncoding.EncodeToString(mac.Sum(nil))))
	req.Header.Set("X-Ms-Date", date)
	req.Header.Set("X-Ms-Version", "2020-11-05")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, nil, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, data)
	}
	return data, resp.Header, nil
}

func partitionKey(v string) map[string]string {
	return map[string]string{"X-Ms-Documentdb-Partitionkey": fmt.Sprintf("[%q]", v)}
}

func (c *cosmosClient) upsert(ctx context.Context, key string, doc []byte) error {
	header := partitionKey(key)
	header["X-Ms-Documentdb-Is-Upsert"] = "true"
	header["Content-Type"] = "application/json"
	header["Prefer"] = "return=minimal"
	_, _, err := c.do(ctx, http.MethodPost, benchContainer+"/docs", benchContainer, doc, header)
	return err
}

func (c *cosmosClient) read(ctx context.Context, key, id string) error {
	link := benchContainer + "/docs/" + id
	_, _, err := c.do(ctx, http.MethodGet, link, link, nil, partitionKey(key))
	return err
}

// query returns one page of at most max rows and the continuation.
func (c *cosmosClient) query(ctx context.Context, sql string, max int, continuation string) ([]byte, http.Header, error) {
	header := map[string]string{
		"Content-Type":                               "application/query+json",
		"X-Ms-Documentdb-Query":                      "True",
		"X-Ms-Documentdb-Isquery":                    "True",
		"X-Ms-Max-Item-Count":                        fmt.Sprint(max),
		"X-Ms-Documentdb-Query-Enablecrosspartition": "True",
	}
	if continuation != "" {
		header["X-Ms-Continuation"] = continuation
	}
	return c.do(ctx, http.MethodPost, benchContainer+"/docs", benchContainer, []byte(fmt.Sprintf(`{"query":%q,"parameters":[]}`, sql)), header)
}

// document is a telemetry document as the example's function writes it.
func document(n int, device string, temperature float64) []byte {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 137 * time.Millisecond).Format("2006-01-02T15:04:05.000Z")
	return fmt.Appendf(nil, `{"id":"evt-%[1]d","deviceId":%[2]q,"eventType":"telemetry","timestamp":%[3]q,"data":{"temperature":%.2[4]f,"humidity":%.1[5]f,"pressure":%.1[6]f},"location":{"region":"koreacentral","facility":"plant-%[7]d"},"eventHub":{"partitionKey":%[2]q,"sequenceNumber":%[1]d,"enqueuedTime":%[3]q,"offset":"%[1]d"},"processedAt":%[3]q,"source":"eventhub-trigger","status":"processed"}`,
		n, device, at, temperature, 40+float64(n%400)/10, 1000+float64(n%500)/10, n%5)
}
