package storage

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Properties are the properties of a service (StorageServiceProperties). What is nil
// was not said: Merge leaves it, XML answers its default.
type Properties struct {
	XMLName               xml.Name         `xml:"StorageServiceProperties"`
	Logging               *Logging         `xml:"Logging"`
	HourMetrics           *Metrics         `xml:"HourMetrics"`
	MinuteMetrics         *Metrics         `xml:"MinuteMetrics"`
	Cors                  *Cors            `xml:"Cors"`
	DefaultServiceVersion *string          `xml:"DefaultServiceVersion"`
	DeleteRetentionPolicy *DeleteRetention `xml:"DeleteRetentionPolicy"` // of blobs
	StaticWebsite         *StaticWebsite   `xml:"StaticWebsite"`         // of blobs
	Unknown               []unknownElement `xml:",any"`
}

type unknownElement struct{ XMLName xml.Name }

// Logging says what of analytics logs is wanted. It is kept and told, not done.
type Logging struct {
	Version             string
	Delete, Read, Write bool
	RetentionPolicy     RetentionPolicy
}

// Metrics are told, not done, as Logging.
type Metrics struct {
	Version         string
	Enabled         bool
	IncludeAPIs     *bool // of enabled ones
	RetentionPolicy RetentionPolicy
}

// RetentionPolicy is for how many days logs and metrics are kept.
type RetentionPolicy struct {
	Enabled bool
	Days    int // 1 to 365 when enabled
}

// DeleteRetention is soft delete.
type DeleteRetention struct {
	Enabled              bool
	Days                 int // 1 to 365 when enabled
	AllowPermanentDelete bool
}

// StaticWebsite says what of $web a browser gets.
type StaticWebsite struct {
	Enabled                  bool
	IndexDocument            string
	DefaultIndexDocumentPath string
	ErrorDocument404Path     string
}

// Cors is a list of rules; an empty one takes all away.
type Cors struct {
	Rules []CorsRule `xml:"CorsRule"`
}

const (
	maxCorsRules = 5
	maxDays      = 365
	// maxIndexDocument is the longest name of a website's index document.
	maxIndexDocument = 255
)

// ParseProperties reads the body of Set Service Properties.
func ParseProperties(s Service, body []byte) (p Properties, err error) {
	if err := ParseXML(body, &p); err != nil {
		return p, err
	}
	if len(p.Unknown) > 0 {
		return p, Fail("InvalidXmlDocument").With("Reason", "There is no property "+p.Unknown[0].XMLName.Local+" of the service.")
	}
	if s != Blob && (p.DeleteRetentionPolicy != nil || p.StaticWebsite != nil || p.DefaultServiceVersion != nil) {
		return p, Fail("InvalidXmlDocument").With("Reason", "DeleteRetentionPolicy, StaticWebsite and DefaultServiceVersion are properties of the Blob service alone.")
	}
	return p, p.check()
}

func (p *Properties) check() error {
	retentions := map[string]RetentionPolicy{}
	if p.Logging != nil {
		retentions["Logging"] = p.Logging.RetentionPolicy
	}
	for name, m := range map[string]*Metrics{"HourMetrics": p.HourMetrics, "MinuteMetrics": p.MinuteMetrics} {
		if m != nil {
			retentions[name] = m.RetentionPolicy
		}
	}
	if d := p.DeleteRetentionPolicy; d != nil {
		retentions["DeleteRetentionPolicy"] = RetentionPolicy{d.Enabled, d.Days}
	}
	for name, r := range retentions {
		if r.Enabled && (r.Days < 1 || r.Days > maxDays) {
			return nodeError(name+"/Days", strconv.Itoa(r.Days), "Days are 1 to 365.")
		}
	}
	if v := p.DefaultServiceVersion; v != nil && *v != "" && !wellFormed(*v) {
		return nodeError("DefaultServiceVersion", *v, "A version is a date YYYY-MM-DD.")
	}
	if w := p.StaticWebsite; w != nil && (utf8.RuneCountInString(w.IndexDocument) > maxIndexDocument || strings.Contains(w.IndexDocument, "/")) {
		return nodeError("IndexDocument", w.IndexDocument, "An index document is a name of at most 255 characters without a slash: each folder has its own.")
	}
	if p.Cors == nil {
		return nil
	}
	if len(p.Cors.Rules) > maxCorsRules {
		return Fail("InvalidXmlDocument").With("Reason", "There may be 5 CORS rules.")
	}
	for i := range p.Cors.Rules {
		if err := p.Cors.Rules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func nodeError(name, value, reason string) error {
	return Fail("InvalidXmlNodeValue").With("XmlNodeName", name).With("XmlNodeValue", clip(value, 300)).With("Reason", reason)
}

// ReadProperties reads what XML wrote; nothing is nothing said.
func ReadProperties(text []byte) (p Properties, err error) {
	if len(text) == 0 {
		return p, nil
	}
	err = xml.Unmarshal(text, &p)
	return p, err
}

// Merge is p with what changes say in the place of what it said.
func (p Properties) Merge(changes Properties) Properties {
	if changes.Logging != nil {
		p.Logging = changes.Logging
	}
	if changes.HourMetrics != nil {
		p.HourMetrics = changes.HourMetrics
	}
	if changes.MinuteMetrics != nil {
		p.MinuteMetrics = changes.MinuteMetrics
	}
	if changes.Cors != nil {
		p.Cors = changes.Cors
	}
	if changes.DefaultServiceVersion != nil {
		p.DefaultServiceVersion = changes.DefaultServiceVersion
	}
	if changes.DeleteRetentionPolicy != nil {
		p.DeleteRetentionPolicy = changes.DeleteRetentionPolicy
	}
	if changes.StaticWebsite != nil {
		p.StaticWebsite = changes.StaticWebsite
	}
	return p
}

// XML is the body of Get Service Properties, complete, because SDKs and the Functions
// host read all of it. It is what services keep, too.
func (p Properties) XML(s Service) []byte {
	b := append([]byte(XMLHeader), "<StorageServiceProperties>"...)
	b = p.logging().append(b)
	b = orDefault(p.HourMetrics).append(b, "HourMetrics")
	b = orDefault(p.MinuteMetrics).append(b, "MinuteMetrics")
	b = p.Cors.append(b)
	if s == Blob {
		if v := p.DefaultServiceVersion; v != nil && *v != "" {
			b = AppendElement(b, "DefaultServiceVersion", *v)
		}
		b = p.deleteRetention().append(b)
		b = p.website().append(b)
	}
	return append(b, "</StorageServiceProperties>"...)
}

func (p Properties) logging() Logging {
	if p.Logging == nil {
		return Logging{Version: "1.0"}
	}
	return *p.Logging
}

func orDefault(m *Metrics) Metrics {
	if m == nil {
		return Metrics{Version: "1.0"}
	}
	return *m
}

func (p Properties) deleteRetention() DeleteRetention {
	if p.DeleteRetentionPolicy == nil {
		return DeleteRetention{}
	}
	return *p.DeleteRetentionPolicy
}

func (p Properties) website() StaticWebsite {
	if p.StaticWebsite == nil {
		return StaticWebsite{}
	}
	return *p.StaticWebsite
}

func (l Logging) append(b []byte) []byte {
	b = AppendElement(append(b, "<Logging>"...), "Version", orText(l.Version, "1.0"))
	b = appendBool(b, "Delete", l.Delete)
	b = appendBool(b, "Read", l.Read)
	b = appendBool(b, "Write", l.Write)
	return append(l.RetentionPolicy.append(b), "</Logging>"...)
}

func (m Metrics) append(b []byte, name string) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = AppendElement(b, "Version", orText(m.Version, "1.0"))
	b = appendBool(b, "Enabled", m.Enabled)
	if m.Enabled {
		b = appendBool(b, "IncludeAPIs", m.IncludeAPIs != nil && *m.IncludeAPIs)
	}
	b = m.RetentionPolicy.append(b)
	return append(append(append(b, "</"...), name...), '>')
}

func (r RetentionPolicy) append(b []byte) []byte {
	b = appendBool(append(b, "<RetentionPolicy>"...), "Enabled", r.Enabled)
	if r.Enabled {
		b = AppendElement(b, "Days", strconv.Itoa(r.Days))
	}
	return append(b, "</RetentionPolicy>"...)
}

func (d DeleteRetention) append(b []byte) []byte {
	b = appendBool(append(b, "<DeleteRetentionPolicy>"...), "Enabled", d.Enabled)
	if d.Enabled {
		b = AppendElement(b, "Days", strconv.Itoa(d.Days))
	}
	if d.AllowPermanentDelete {
		b = appendBool(b, "AllowPermanentDelete", true)
	}
	return append(b, "</DeleteRetentionPolicy>"...)
}

func (w StaticWebsite) append(b []byte) []byte {
	b = appendBool(append(b, "<StaticWebsite>"...), "Enabled", w.Enabled)
	for _, f := range [...]Element{
		{"IndexDocument", w.IndexDocument}, {"DefaultIndexDocumentPath", w.DefaultIndexDocumentPath}, {"ErrorDocument404Path", w.ErrorDocument404Path},
	} {
		if f.Value != "" {
			b = AppendElement(b, f.Name, f.Value)
		}
	}
	return append(b, "</StaticWebsite>"...)
}

func appendBool(b []byte, name string, on bool) []byte {
	return AppendElement(b, name, strconv.FormatBool(on))
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// readProperties is a text of properties and what it says.
type readProperties struct {
	text []byte
	Properties
}

// Properties are those of the service as they are now.
func (e *Endpoint) Properties() Properties {
	now := e.properties()
	last := e.read.Load()
	if last == nil || !bytes.Equal(last.text, now) {
		p, err := ReadProperties(now)
		if err != nil {
			p = Properties{} // not by XML: as if nothing were said
		}
		last = &readProperties{bytes.Clone(now), p}
		e.read.Store(last)
	}
	return last.Properties
}
