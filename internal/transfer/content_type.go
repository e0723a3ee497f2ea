package transfer

import (
	"mime"
	"path"
	"strings"
)

// usual are the media types of names that the standard library's table lacks, or that
// differ from machine to machine.
var usual = map[string]string{
	".avro": "application/avro", ".csv": "text/csv", ".gz": "application/gzip", ".htm": "text/html; charset=utf-8",
	".html": "text/html; charset=utf-8", ".jsonl": "application/x-ndjson", ".log": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8",
	".mp4": "video/mp4", ".ndjson": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet", ".tar": "application/x-tar",
	".txt": "text/plain; charset=utf-8", ".webm": "video/webm", ".yaml": "application/yaml", ".yml": "application/yaml", ".zip": "application/zip",
	".zst": "application/zstd",
}

// contentType is the media type that a name's extension says.
func contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if t := usual[ext]; t != "" {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}
