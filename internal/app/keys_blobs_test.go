package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

// jobBlobKeys are a job's inputs and outputs of blobs.
func jobBlobKeys() map[string]keyCase {
	input := func(keys, blob, text, want string) keyCase {
		return keyCase{
			yaml: "storage: {containers: [logs]}\nstream: {jobs: {j: {query: j.asaql, outputs: {out: {file: out.jsonl}}, inputs: {readings: {" + keys + "}}}}}", files: query(copyQuery), want: want,
			probe: func(r *rig) string {
				r.put("logs", blob, text)
				return r.fields(1, func() string { return r.lines("out.jsonl") })
			},
		}
	}
	refers := func(keys, blob, text string) keyCase {
		return keyCase{
			yaml:  oneHub + "storage: {containers: [tables]}\nstream: {jobs: {j: {query: j.asaql, outputs: {out: {file: out.jsonl}}, inputs: {readings: {hub: readings}, names: {reference: {" + keys + "}}}}}}",
			files: query("SELECT names.name AS x INTO out FROM readings JOIN names ON readings.id = names.id"), want: `{"x":"kept"}`,
			probe: func(r *rig) string {
				r.put("tables", blob, text)
				return rows(1, `{"id":"1"}`)(r)
			},
		}
	}
	output := func(keys, text, want string, show func(all map[string]string) string, events ...string) keyCase {
		return keyCase{
			yaml: oneHub + "storage: {containers: [rows]}\n" + jobInto("{"+keys+"}", "", ""), files: query(text), want: want,
			probe: func(r *rig) string {
				r.send("readings", events...)
				return r.until(func() string { return show(r.blobs("rows")) }, func(s string) bool { return s == want })
			},
		}
	}
	words := func(all map[string]string) string { // of all texts
		var text string
		for _, t := range all {
			text += t
		}
		return strings.Join(strings.Fields(text), " ")
	}
	shape := func(all map[string]string) string { // of the folder
		for name := range all {
			return regexp.MustCompile(`\d`).ReplaceAllString(name[:strings.LastIndexByte(name, '/')], "9")
		}
		return ""
	}
	account := input("blob: logs, account: "+keyStorage, "a.json", `{"x":1}`, `{"x":1}`)
	account.yaml = strings.Replace(account.yaml, "{containers: [logs]}", "{containers: [logs], accounts: {"+keyStorage+": {containers: [logs]}}}", 1)
	account.in = keyStorage
	partitions := input("blob: 'logs/{partition}', partitions: 2", "1/a.json", `{"x":1}`, "2 lanes")
	partitions.probe = func(r *rig) string { return fmt.Sprint(r.job().Lanes, " lanes") }
	large := `{"x":"` + strings.Repeat("x", 600<<10) + `"}`
	files := func(all map[string]string) string { return fmt.Sprint(len(all), " files") }
	in, ref, out := "stream.jobs.*.inputs.*.", "stream.jobs.*.inputs.*.reference.", "stream.jobs.*.outputs.*."
	return map[string]keyCase{
		in + "blob":        input("blob: logs/solar", "solar/a.json", `{"x":1}`, `{"x":1}`),
		in + "account":     account,
		in + "partitions":  partitions,
		in + "format":      input("blob: logs, format: csv", "a.log", "x,y\n1,2\n", `{"x":"1"}`),
		in + "delimiter":   input("blob: logs, delimiter: bar", "a.csv", "x|y\n1|2\n", `{"x":"1"}`),
		in + "compression": input("blob: logs, compression: gzip", "a.json.gz", zipped(`{"x":1}`), `{"x":1}`),
		in + "dateFormat":  input("blob: 'logs/{date}', dateFormat: YYYY-MM-DD", "2024-01-31/a.json", `{"x":1}`, `{"x":1}`),
		in + "timeFormat":  input("blob: 'logs/{date}/{time}', timeFormat: HH-mm", "2024/01/31/05-30/a.json", `{"x":1}`, `{"x":1}`),
		ref + "blob":       refers("blob: tables/names.json", "names.json", `[{"id":"1","name":"kept"}]`),
		ref + "format":     refers("blob: tables/names, format: csv", "names", "id,name\n1,kept\n"),
		ref + "delimiter":  refers("blob: tables/names.csv, delimiter: semicolon", "names.csv", "id;name\n1;kept\n"),
		ref + "dateFormat": refers("blob: 'tables/{date}.csv', dateFormat: DD-MM-YYYY", "31-01-2024.csv", "id,name\n1,kept\n"),
		ref + "timeFormat": refers("blob: 'tables/{date}/{time}.csv', timeFormat: HH-mm", "2024/01/31/05-30.csv", "id,name\n1,kept\n"),
		out + "blob":       output("blob: rows/solar", copyQuery, `{"x":1}`, words, `{"x":1}`),
		out + "delimiter":  output("blob: rows, format: csv, delimiter: bar", "SELECT x, y INTO out FROM readings", "x|y 1|2", words, `{"x":1,"y":2}`),
		out + "dateFormat": output("blob: 'rows/{date}', dateFormat: YYYY-MM-DD", copyQuery, "9999-99-99", shape, `{"x":1}`),
		out + "timeFormat": output("blob: 'rows/{time}', timeFormat: HH-mm", copyQuery, "99-99", shape, `{"x":1}`),
		out + "fileMiB":    output("blob: rows, fileMiB: 1", copyQuery, "2 files", files, large, large, large),
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // into memory
	_ = w.Close()
	return b.String()
}

// put writes a blob of the account, as clients do.
func (r *rig) put(container, name, text string) {
	c, err := r.containerClient("", container)
	if err == nil {
		_, err = c.NewBlockBlobClient(name).UploadBuffer(context.Background(), []byte(text), &blockblob.UploadBufferOptions{})
	}
	if err != nil {
		r.t.Error(err)
	}
}

// blobs are the texts of a container's blobs by name.
func (r *rig) blobs(container string) map[string]string {
	all := map[string]string{}
	c, err := r.containerClient("", container)
	if err != nil {
		r.t.Error(err)
		return all
	}
	page, err := c.NewListBlobsFlatPager(nil).NextPage(context.Background())
	if err != nil {
		return all
	}
	for _, b := range page.Segment.BlobItems {
		reply, err := c.NewBlobClient(*b.Name).DownloadStream(context.Background(), nil)
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		all[*b.Name] = string(text)
	}
	return all
}
