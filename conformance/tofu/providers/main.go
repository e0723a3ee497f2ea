// Command providers stands in for three small providers of OpenTofu that cannot be
// fetched where there is no registry: null, archive and random. It plays the one
// that its file is named after (terraform-provider-null). Each has what the
// configurations of this repository use of the original, under the same names,
// and refuses everything else as the protocol does: the schema has no such thing.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// all are the providers, by name.
var all = map[string]standIn{
	"null":    {name: "null", resources: []func() resource.Resource{func() resource.Resource { return nullResource{} }}},
	"archive": {name: "archive", sources: []func() datasource.DataSource{func() datasource.DataSource { return archiveFile{} }}},
	"random":  {name: "random", resources: []func() resource.Resource{newRandomString, newRandomID}},
}

func main() {
	name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-"), "_")
	p, ok := all[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "providers: there is no stand-in for %q; name the file terraform-provider-null, -archive or -random\n", name)
		os.Exit(2)
	}
	options := providerserver.ServeOpts{Address: "localhost/lazuli/" + name, ProtocolVersion: 5}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return p }, options); err != nil {
		fmt.Fprintln(os.Stderr, "providers:", err)
		os.Exit(1)
	}
}

// standIn is a provider that is configured by nothing.
type standIn struct {
	name      string
	resources []func() resource.Resource
	sources   []func() datasource.DataSource
}

func (p standIn) Metadata(_ context.Context, _ provider.MetadataRequest, res *provider.MetadataResponse) {
	res.TypeName = p.name
}

func (p standIn) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p standIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p standIn) Resources(context.Context) []func() resource.Resource { return p.resources }

func (p standIn) DataSources(context.Context) []func() datasource.DataSource { return p.sources }
