package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// drawn is what random resources have in common: they are made, kept, and never
// changed.
type drawn struct{}

func (drawn) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (drawn) Update(ctx context.Context, req resource.UpdateRequest, res *resource.UpdateResponse) {
	res.State.Raw = req.Plan.Raw
}

func (drawn) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

var keepers = schema.MapAttribute{
	Optional: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()},
}

func computed() schema.StringAttribute {
	return schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

func number() schema.Int64Attribute {
	return schema.Int64Attribute{Required: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()}}
}

func newRandomString() resource.Resource { return randomString{} }

// randomString is random_string: characters of the kinds that are asked for.
type randomString struct{ drawn }

type stringState struct {
	ID      types.String `tfsdk:"id"`
	Keepers types.Map    `tfsdk:"keepers"`
	Length  types.Int64  `tfsdk:"length"`
	Lower   types.Bool   `tfsdk:"lower"`
	Upper   types.Bool   `tfsdk:"upper"`
	Numeric types.Bool   `tfsdk:"numeric"`
	Special types.Bool   `tfsdk:"special"`
	Result  types.String `tfsdk:"result"`
}

func (randomString) Metadata(_ context.Context, _ resource.MetadataRequest, res *resource.MetadataResponse) {
	res.TypeName = "random_string"
}

func (randomString) Schema(_ context.Context, _ resource.SchemaRequest, res *resource.SchemaResponse) {
	kind := schema.BoolAttribute{
		Optional: true, Computed: true, Default: booldefault.StaticBool(true),
		PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()},
	}
	res.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id": computed(), "keepers": keepers, "length": number(), "result": computed(),
		"lower": kind, "upper": kind, "numeric": kind, "special": kind,
	}}
}

func (randomString) Create(ctx context.Context, req resource.CreateRequest, res *resource.CreateResponse) {
	var s stringState
	res.Diagnostics.Append(req.Plan.Get(ctx, &s)...)
	var alphabet string
	for _, kind := range []struct {
		wanted     types.Bool
		characters string
	}{
		{s.Lower, "abcdefghijklmnopqrstuvwxyz"},
		{s.Upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{s.Numeric, "0123456789"},
		{s.Special, "!@#$%&*()-_=+[]{}<>:?"},
	} {
		if kind.wanted.ValueBool() {
			alphabet += kind.characters
		}
	}
	if alphabet == "" {
		res.Diagnostics.AddError("no characters", "of lower, upper, numeric and special, one must be true")
		return
	}
	text := make([]byte, s.Length.ValueInt64())
	for i := range text {
		text[i] = alphabet[below(len(alphabet))]
	}
	s.Result = types.StringValue(string(text))
	s.ID = s.Result
	res.Diagnostics.Append(res.State.Set(ctx, s)...)
}

func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the system has no entropy: nothing can go on
	}
	return int(i.Int64())
}

func newRandomID() resource.Resource { return randomID{} }

// randomID is random_id: bytes, in several spellings.
type randomID struct{ drawn }

type idState struct {
	ID         types.String `tfsdk:"id"`
	Keepers    types.Map    `tfsdk:"keepers"`
	ByteLength types.Int64  `tfsdk:"byte_length"`
	Prefix     types.String `tfsdk:"prefix"`
	Hex        types.String `tfsdk:"hex"`
	Dec        types.String `tfsdk:"dec"`
	B64URL     types.String `tfsdk:"b64_url"`
	B64Std     types.String `tfsdk:"b64_std"`
}

func (randomID) Metadata(_ context.Context, _ resource.MetadataRequest, res *resource.MetadataResponse) {
	res.TypeName = "random_id"
}

func (randomID) Schema(_ context.Context, _ resource.SchemaRequest, res *resource.SchemaResponse) {
	res.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id": computed(), "keepers": keepers, "byte_length": number(),
		"prefix": schema.StringAttribute{Optional: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		"hex":    computed(), "dec": computed(), "b64_url": computed(), "b64_std": computed(),
	}}
}

func (randomID) Create(ctx context.Context, req resource.CreateRequest, res *resource.CreateResponse) {
	var s idState
	res.Diagnostics.Append(req.Plan.Get(ctx, &s)...)
	b := make([]byte, s.ByteLength.ValueInt64())
	if _, err := rand.Read(b); err != nil {
		res.Diagnostics.AddError("random bytes", fmt.Sprint(err))
		return
	}
	prefix := s.Prefix.ValueString()
	s.ID = types.StringValue(base64.RawURLEncoding.EncodeToString(b))
	s.Hex = types.StringValue(prefix + hex.EncodeToString(b))
	s.Dec = types.StringValue(prefix + new(big.Int).SetBytes(b).String())
	s.B64URL = types.StringValue(prefix + base64.RawURLEncoding.EncodeToString(b))
	s.B64Std = types.StringValue(prefix + base64.StdEncoding.EncodeToString(b))
	res.Diagnostics.Append(res.State.Set(ctx, s)...)
}
