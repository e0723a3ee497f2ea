package streamanalytics

import (
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// input is what the body of an input asks for.
func (p Provider) input(id arm.ID, b arm.Body) (in jobs.Input, r Reach, err error) {
	where := inputs + "." + id.Name()
	s := &source{Body: b.Object("properties", "datasource", "properties"), where: where}
	in = jobs.Input{Name: id.Name(), PartitionKey: b.Text("properties", "partitionKey")}
	if in.Reference, err = oneOf(b.Object("properties"), "type", "Stream", "Reference"); err != nil {
		return in, r, err
	}
	settings := &source{Body: b.Object("properties"), where: where}
	settings.refuse("watermarkSettings", "the watermark follows the event times of the input alone here")
	format, delimiter, err := serialization(b, where)
	if err == nil {
		err = settings.err
	}
	if err != nil {
		return in, r, err
	}
	compression := b.Text("properties", "compression", "type")
	switch typ := b.Text("properties", "datasource", "type"); {
	case isHub(typ) && !in.Reference:
		r = s.hub(p, id.Names[0], false)
		in.Kind, in.Account, in.Target, in.Group = r.Kind, r.Account, r.Target, s.Text("consumerGroupName")
		if format == "csv" {
			return in, r, unserved(where+".serialization.type", "The serialization 'Csv' of an event hub that is read", "Json")
		}
		if compression != "" && !strings.EqualFold(compression, "None") {
			return in, r, unserved(where+".compression", "The compression '"+compression+"' of an event hub that is read", "None")
		}
	case strings.EqualFold(typ, "Microsoft.Storage/Blob"):
		r = s.blobs(p, id.Names[0], false)
		in.Kind, in.Account, in.Target, in.Format = r.Kind, r.Account, pathOf(r.Target, s.Text("pathPattern")), format
		in.Blobs = jobs.Blobs{Date: dateFormat(s.Text("dateFormat")), Time: s.Text("timeFormat"), Delimiter: delimiter}
		if n, given := s.Int("sourcePartitionCount"); given {
			in.Blobs.Partitions = int(n)
		}
		var known bool
		if in.Blobs.Compression, known = compressions[strings.ToLower(compression)]; !known {
			return in, r, unserved(where+".compression", "The compression '"+compression+"'", "None", "GZip", "Deflate")
		}
		if in.Reference {
			in.Refresh = time.Minute
			s.refuse("deltaPathPattern", "reference data is read whole here")
			s.refuse("deltaSnapshotRefreshRate", "reference data is read whole here")
		}
	case in.Reference:
		return in, r, unserved(where+".datasource.type", "Reference data in '"+typ+"'", "Microsoft.Storage/Blob")
	default:
		return in, r, unserved(where+".datasource.type", "The datasource '"+typ+"' of a stream", "Microsoft.EventHub/EventHub", "Microsoft.ServiceBus/EventHub", "Microsoft.Storage/Blob")
	}
	return in, r, s.err
}

// compressions are those of blobs, as the engine calls them.
var compressions = map[string]string{"": "", "none": "", "gzip": "gzip", "deflate": "deflate"}

func isHub(typ string) bool {
	return strings.EqualFold(typ, "Microsoft.EventHub/EventHub") || strings.EqualFold(typ, "Microsoft.ServiceBus/EventHub")
}

// pathOf is a path pattern with its container.
func pathOf(container, pattern string) string {
	return strings.TrimSuffix(container+"/"+strings.Trim(pattern, "/"), "/")
}

// dateFormat is what the provider calls yyyy and the service YYYY.
func dateFormat(text string) string {
	return strings.NewReplacer("yyyy", "YYYY", "dd", "DD").Replace(text)
}
