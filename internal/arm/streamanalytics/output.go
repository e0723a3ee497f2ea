package streamanalytics

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// The outputs that there are.
var sinks = []string{
	"Microsoft.EventHub/EventHub", "Microsoft.ServiceBus/EventHub", "Microsoft.Storage/DocumentDB", "Microsoft.Storage/Blob", "Microsoft.AzureFunction",
}

// output is what the body of an output asks for.
func (p Provider) output(id arm.ID, b arm.Body) (out jobs.Output, r Reach, err error) {
	where := outputs + "." + id.Name()
	s := &source{Body: b.Object("properties", "datasource", "properties"), where: where}
	out = jobs.Output{Name: id.Name()}
	typ := b.Text("properties", "datasource", "type")
	switch {
	case isHub(typ):
		r = s.hub(p, id.Names[0], true)
		out.Column, out.Properties = s.Text("partitionKey"), s.Texts("propertyColumns")
		out.Format, _, err = serialization(b, where)
		out.Target = r.Target
	case strings.EqualFold(typ, "Microsoft.Storage/Blob"):
		r = s.blobs(p, id.Names[0], true)
		out.Format, out.Blobs.Delimiter, err = serialization(b, where)
		out.Blobs.Date, out.Blobs.Time = dateFormat(s.Text("dateFormat")), s.Text("timeFormat")
		out.Target = pathOf(r.Target, s.Text("pathPattern"))
		s.refuse("blobWriteMode", "blobs are appended to here", "Append")
		s.refuse("blobPathPrefix", "files are named by their writers here")
	case strings.EqualFold(typ, "Microsoft.Storage/DocumentDB"):
		r = s.documents(p, id.Names[0])
		out.Target, out.Column = r.Target, s.Text("documentId")
	case strings.EqualFold(typ, "Microsoft.AzureFunction"):
		r = Reach{Job: id.Names[0], End: where, Kind: p.c.Kinds.Function, Account: s.need("functionAppName"), Target: s.need("functionName"), Write: true, Key: s.Text("apiKey")}
		out.Target = r.Account + "/" + r.Target
		s.refuse("authenticationMode", "functions are called with their keys here", "ConnectionString")
	default:
		return out, r, unserved(where+".datasource.type", "The datasource '"+typ+"' of an output", sinks...)
	}
	out.Kind = r.Kind
	if r.Kind != p.c.Kinds.Function {
		out.Account = r.Account
	}
	if err == nil {
		err = s.err
	}
	return out, r, err
}

// documents is a container of a document account, with what opens it.
func (s *source) documents(p Provider, job string) Reach {
	r := Reach{Job: job, End: s.where, Kind: p.c.Kinds.Container, Account: accountName(s.need("accountId")), Write: true, Msi: s.msi(), Key: s.Text("accountKey")}
	database, name := s.need("database"), s.need("collectionNamePattern")
	r.Target = database + "/" + name
	if strings.ContainsAny(name, "{}") && s.err == nil {
		s.err = bad(s.where+".collectionNamePattern", "The pattern '%s' is not served by Lazuli: an output writes to one container.", name)
	}
	if !r.Msi {
		s.need("accountKey")
	}
	return r
}
