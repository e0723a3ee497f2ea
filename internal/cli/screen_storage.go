package cli

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/app"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// screenNames is how many containers, queues or tables of an account the screen shows.
const screenNames = 12

// storage says where blobs, queues and tables are, and what there is.
func (p screen) storage(sum app.Summary) {
	at := func(service string) string { return callable(sum.Info.Addresses[service]) }
	p.row("Storage", p.bold("http://"+at(instance.Blob))+"  "+p.dim(fmt.Sprintf("queues %s, tables %s", at(instance.Queue), at(instance.Table))))
	var lines accountLines
	for _, s := range sum.Storage {
		names, more := s.Names, ""
		if len(names) > screenNames {
			names, more = names[:screenNames], fmt.Sprintf(" and %d more", len(s.Names)-screenNames)
		}
		lines.add(s.Account, s.Kind+" "+strings.Join(names, ", ")+more)
	}
	p.accounts(lines, "; ")
	switch {
	case sum.Connection.Storage == "":
		p.row("", p.dim("keys open nothing here (allowSharedKeyAccess); tokens do"))
	case usual(sum.Info) && sum.Connection.StorageKey == config.EmulatorStorageKey:
		p.row("", p.dim("UseDevelopmentStorage=true"))
	default:
		p.row("", p.dim(sum.Connection.Storage))
	}
}

// usual reports whether the services listen where UseDevelopmentStorage=true looks.
func usual(info instance.Info) bool {
	for service, port := range map[string]string{instance.Blob: "10000", instance.Queue: "10001", instance.Table: "10002"} {
		if info.Addresses[service] != "127.0.0.1:"+port {
			return false
		}
	}
	return true
}
