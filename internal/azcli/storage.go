package azcli

import (
	"encoding/xml"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	storageResource = "https://storage.azure.com"
	storageVersion  = "2024-11-04"
	// inContainer are the options that find a container. A token of the developer's is
	// what opens it, whichever way is asked for.
	inContainer = "account-name! container-name/c! auth-mode timeout "
)

func storageCommands() []command {
	return []command{
		{words: "storage account list", flags: "resource-group/g", run: func(k *call) (any, error) {
			path, err := k.anywhere("Microsoft.Storage", "storageAccounts")
			if err != nil {
				return nil, err
			}
			all, err := k.list(path)
			return each(all, flat), err
		}},
		{words: "storage account show", flags: "resource-group/g! name/n!", run: func(k *call) (any, error) {
			return k.one(flat, "Microsoft.Storage", "storageAccounts", k.text("name"))
		}},
		{words: "storage blob upload", flags: inContainer + "name/n file/f! overwrite? content-type content-cache-control content-encoding tier metadata+ no-progress?", run: blobUpload},
		{words: "storage blob url", flags: inContainer + "name/n! protocol", run: blobURL},
		{
			words: "storage blob list", flags: inContainer + "prefix num-results", run: blobList,
			table: "[].{Name:name,\"Blob Type\":properties.blobType,\"Blob Tier\":properties.blobTier,Length:properties.contentLength,\"Content Type\":properties.contentSettings.contentType,\"Last Modified\":properties.lastModified,Snapshot:snapshot || ''}",
		},
	}
}

// one reads a resource of --resource-group.
func (k *call) one(shape func(any) any, provider string, names ...string) (any, error) {
	path, err := k.in(provider, names...)
	if err != nil {
		return nil, err
	}
	out, err := k.get(path)
	if err != nil {
		return nil, err
	}
	return shape(out), nil
}

// blobAt is the address of a blob, or with "" of its container.
func (k *call) blobAt(name string) string {
	u := url.URL{Scheme: "https", Host: strings.ToLower(k.text("account-name")) + ".blob.core.windows.net", Path: "/" + k.text("container-name")}
	if name != "" {
		u.Path += "/" + name
	}
	return u.String()
}

func blobURL(k *call) (any, error) {
	u := k.blobAt(k.text("name"))
	switch p := k.text("protocol"); p {
	case "", "https":
		return u, nil
	case "http":
		return "http" + strings.TrimPrefix(u, "https"), nil
	default:
		return nil, usage("argument --protocol: invalid choice: '%s' (choose from 'http', 'https')", p)
	}
}

func blobUpload(k *call) (any, error) {
	path := k.text("file")
	name := k.text("name")
	if name == "" {
		name = filepath.Base(path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, failed("%s", err)
	}
	header := map[string]string{
		"x-ms-version": storageVersion, "x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": contentType(k.text("content-type"), path),
	}
	if !k.is("overwrite") {
		header["If-None-Match"] = "*"
	}
	for option, field := range map[string]string{"content-cache-control": "x-ms-blob-cache-control", "content-encoding": "x-ms-blob-content-encoding", "tier": "x-ms-access-tier"} {
		if v := k.text(option); v != "" {
			header[field] = v
		}
	}
	for field, v := range pairs(k.given["metadata"]) {
		header["x-ms-meta-"+field] = v.(string)
	}
	a, err := k.send(request{method: http.MethodPut, url: k.blobAt(name), body: text, header: header, resource: storageResource})
	if err != nil {
		return nil, blobFailure(err)
	}
	h := func(name string) any {
		if v := a.header.Get(name); v != "" {
			return v
		}
		return nil
	}
	return map[string]any{
		"client_request_id": h("x-ms-client-request-id"), "content_md5": h("Content-MD5"), "date": moment(a.header.Get("Date")),
		"encryption_key_sha256": h("x-ms-encryption-key-sha256"), "encryption_scope": h("x-ms-encryption-scope"), "etag": h("ETag"),
		"lastModified": moment(a.header.Get("Last-Modified")), "request_id": h("x-ms-request-id"),
		"request_server_encrypted": a.header.Get("x-ms-request-server-encrypted") == "true", "version": h("x-ms-version"), "version_id": h("x-ms-version-id"),
	}, nil
}

func contentType(given, path string) string {
	if given != "" {
		return given
	}
	if t := mime.TypeByExtension(filepath.Ext(path)); t != "" {
		t, _, _ = strings.Cut(t, ";")
		return t
	}
	return "application/octet-stream"
}

// moment is an HTTP date as az writes it.
func moment(text string) any {
	t, err := http.ParseTime(text)
	if err != nil {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05+00:00")
}

// blobFailure says what az says of a blob that is there, which --overwrite replaces.
func blobFailure(err error) error {
	if f, is := err.(*failure); is && f.code == "BlobAlreadyExists" { //nolint:errorlint // send makes it, unwrapped
		f.message += "\nIf you want to overwrite the existing one, please add --overwrite in your command."
	}
	return err
}

// listing is a page of List Blobs.
type listing struct {
	Blobs []struct {
		Name, Snapshot string
		Properties     struct {
			CreationTime string `xml:"Creation-Time"`
			LastModified string `xml:"Last-Modified"`
			Etag         string
			Length       int64  `xml:"Content-Length"`
			Type         string `xml:"Content-Type"`
			MD5          string `xml:"Content-MD5"`
			BlobType     string
			AccessTier   string
		}
	} `xml:"Blobs>Blob"`
	NextMarker string
}

// most is how many blobs az lists without --num-results.
const most = 5000

func blobList(k *call) (any, error) {
	limit := most
	if text := k.text("num-results"); text != "" && text != "*" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, usage("argument --num-results: invalid value: '%s'", text)
		}
		limit = n
	} else if text == "*" {
		limit = int(^uint(0) >> 1)
	}
	all, marker := []any{}, ""
	for {
		q := url.Values{"restype": {"container"}, "comp": {"list"}, "maxresults": {strconv.Itoa(min(limit-len(all), most))}, "prefix": {k.text("prefix")}, "marker": {marker}}
		a, err := k.send(request{method: http.MethodGet, url: k.blobAt("") + "?" + q.Encode(), header: map[string]string{"x-ms-version": storageVersion}, resource: storageResource})
		if err != nil {
			return nil, err
		}
		var page listing
		if err := xml.Unmarshal(a.body, &page); err != nil {
			return nil, err
		}
		all = append(all, k.blobs(page)...)
		if marker = page.NextMarker; marker == "" || len(all) >= limit {
			return all, nil
		}
	}
}

// blobs are those of a page in the fields that az shows and this listing has.
func (k *call) blobs(page listing) []any {
	var all []any
	for _, b := range page.Blobs {
		p := b.Properties
		all = append(all, map[string]any{
			"name": b.Name, "container": k.text("container-name"), "snapshot": orNull(b.Snapshot),
			"properties": map[string]any{
				"blobType": p.BlobType, "blobTier": orNull(p.AccessTier), "contentLength": p.Length, "creationTime": moment(p.CreationTime),
				"lastModified": moment(p.LastModified), "etag": p.Etag,
				"contentSettings": map[string]any{"contentType": orNull(p.Type), "contentMd5": orNull(p.MD5)},
			},
		})
	}
	return all
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
