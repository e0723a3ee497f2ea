package functions

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// markTable reads and deletes marks by the REST interface of Azure Tables (version
// 2019-02-02), with a connection string. It is a small part of it, so that a program needs
// no SDK: https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
type markTable struct {
	endpoint string // without a slash at its end
	account  string
	key      []byte
	sas      string // in place of a key
	table    string
}

// markTime is the form of Expires.
const markTime = "2006-01-02T15:04:05.0000000Z"

// The account of the storage emulator, which everybody knows.
const (
	emulatorAccount = "devstoreaccount1"
	emulatorKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
	emulatorTables  = "http://127.0.0.1:10002/devstoreaccount1"
)

// openMarks reads the connection string that a setting holds.
func openMarks(setting, table string) (*markTable, error) {
	text := os.Getenv(setting)
	if text == "" {
		return nil, fmt.Errorf("functions: Dedupe reads its marks by the connection string in the setting %s, which is empty here; identities are not supported", setting)
	}
	given := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		given[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	m := &markTable{endpoint: given["tableendpoint"], account: given["accountname"], sas: strings.TrimPrefix(given["sharedaccesssignature"], "?"), table: table}
	key := given["accountkey"]
	if strings.EqualFold(given["usedevelopmentstorage"], "true") {
		m.account, key, m.endpoint = emulatorAccount, emulatorKey, emulatorTables
	}
	if m.endpoint == "" && m.account != "" {
		scheme, suffix := given["defaultendpointsprotocol"], given["endpointsuffix"]
		m.endpoint = or(scheme, "https") + "://" + m.account + ".table." + or(suffix, "core.windows.net")
	}
	var err error
	if m.key, err = base64.StdEncoding.DecodeString(key); err != nil {
		return nil, fmt.Errorf("functions: setting %s: AccountKey is not base64", setting)
	}
	m.endpoint = strings.TrimRight(m.endpoint, "/")
	if m.endpoint == "" || m.sas == "" && (m.account == "" || key == "") {
		return nil, fmt.Errorf("functions: setting %s is no connection string of a storage account with its tables", setting)
	}
	return m, nil
}

// has reports whether a mark is there at a time. One that is over is deleted, so that it
// can be made anew.
func (m *markTable) has(ctx context.Context, partition, row string, now time.Time) (bool, error) {
	var mark struct{ Expires time.Time }
	found, _, err := m.do(ctx, http.MethodGet, m.entity(partition, row), "", &mark)
	if err != nil || !found {
		return false, err
	}
	if now.Before(mark.Expires) {
		return true, nil
	}
	_, _, err = m.do(ctx, http.MethodDelete, m.entity(partition, row), "", nil)
	return false, err
}

// sweep deletes the marks that are over.
func (m *markTable) sweep(ctx context.Context, now time.Time) (n int, err error) {
	query := url.Values{"$filter": {"Expires lt '" + now.UTC().Format(markTime) + "'"}, "$select": {"PartitionKey,RowKey"}}
	for {
		var page struct {
			Value []struct{ PartitionKey, RowKey string }
		}
		found, header, err := m.do(ctx, http.MethodGet, "/"+m.table+"()", query.Encode(), &page)
		if err != nil || !found {
			return n, err
		}
		for _, e := range page.Value {
			if _, _, err := m.do(ctx, http.MethodDelete, m.entity(e.PartitionKey, e.RowKey), "", nil); err != nil {
				return n, err
			}
			n++
		}
		partition, row := header.Get("x-ms-continuation-NextPartitionKey"), header.Get("x-ms-continuation-NextRowKey")
		if partition == "" {
			return n, nil
		}
		query.Set("NextPartitionKey", partition)
		query.Set("NextRowKey", row)
	}
}

// entity is the path of a mark. Names of functions and rows in hexadecimal need no
// escaping.
func (m *markTable) entity(partition, row string) string {
	return "/" + m.table + "(PartitionKey='" + partition + "',RowKey='" + row + "')"
}

// marksPatience bounds one request.
const marksPatience = 30 * time.Second

// do sends a request. What is not there is no error.
func (m *markTable) do(ctx context.Context, method, path, query string, into any) (found bool, _ http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, marksPatience)
	defer cancel()
	address := m.endpoint + path + "?" + strings.Trim(query+"&"+m.sas, "&")
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(address, "?"), nil)
	if err != nil {
		return false, nil, err
	}
	req.Header.Set("Accept", "application/json;odata=nometadata")
	req.Header.Set("X-Ms-Version", "2019-02-02")
	if method == http.MethodDelete {
		req.Header.Set("If-Match", "*")
	}
	m.sign(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, nil, fmt.Errorf("table %s: %w", m.table, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	switch {
	case err != nil:
		return false, nil, fmt.Errorf("table %s: %w", m.table, err)
	case resp.StatusCode == http.StatusNotFound:
		return false, resp.Header, nil
	case resp.StatusCode >= http.StatusMultipleChoices:
		return false, nil, fmt.Errorf("table %s at %s answered %s: %s", m.table, req.URL.Host, resp.Status, strings.ToValidUTF8(string(body[:min(len(body), 500)]), ""))
	case into != nil:
		err = json.Unmarshal(body, into)
	}
	return true, resp.Header, err
}

// sign puts the account's signature on a request (Shared Key Lite for tables): over its
// date and the path, which for an account that stands in the path has it twice.
func (m *markTable) sign(req *http.Request) {
	if m.sas != "" {
		return
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	req.Header.Set("X-Ms-Date", date)
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(date + "\n/" + m.account + req.URL.EscapedPath()))
	req.Header.Set("Authorization", "SharedKeyLite "+m.account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
