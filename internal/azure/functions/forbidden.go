package functions

import (
	"fmt"
	"html"
	"net/http"
	"net/netip"
)

// IPForbidden says that an access restriction keeps a caller out.
type IPForbidden struct{ From netip.Addr }

func (e *IPForbidden) Error() string {
	return fmt.Sprintf("an access restriction of the function app keeps %s out", e.From)
}

// writeForbidden answers as App Service does, down to the reason phrase in the
// status line, by which Azure's own tools tell an access restriction from other
// refusals. Where the writer has no way to set it, as that of net/http, an HTTP/1
// connection is taken over.
func writeForbidden(w http.ResponseWriter, r *http.Request, e *IPForbidden) {
	page := `<!DOCTYPE html><html><head><title>403 - Forbidden</title></head><body>` +
		`<h1>Error 403 - Forbidden</h1><p>The web app you have attempted to reach has blocked your access: ` +
		html.EscapeString(e.Error()) + `.</p></body></html>`
	if reply, ok := w.(interface{ SetReason(text string) }); ok {
		reply.SetReason("Ip Forbidden")
	} else if r.ProtoMajor == 1 {
		if conn, out, err := http.NewResponseController(w).Hijack(); err == nil {
			defer conn.Close()
			fmt.Fprintf(out, "HTTP/1.1 403 Ip Forbidden\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nx-ms-forbidden-ip: %s\r\nConnection: close\r\n\r\n",
				len(page), e.From)
			if r.Method != http.MethodHead {
				fmt.Fprint(out, page)
			}
			_ = out.Flush() // the client may be gone
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("x-ms-forbidden-ip", e.From.String())
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprint(w, page)
}
