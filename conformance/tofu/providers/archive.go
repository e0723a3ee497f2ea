package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// archiveFile is archive_file: a folder, or a file, as a zip. The same files give
// the same bytes.
type archiveFile struct{}

type archiveState struct {
	ID           types.String `tfsdk:"id"`
	Type         types.String `tfsdk:"type"`
	SourceDir    types.String `tfsdk:"source_dir"`
	SourceFile   types.String `tfsdk:"source_file"`
	Excludes     types.Set    `tfsdk:"excludes"`
	OutputPath   types.String `tfsdk:"output_path"`
	Size         types.Int64  `tfsdk:"output_size"`
	MD5          types.String `tfsdk:"output_md5"`
	SHA256       types.String `tfsdk:"output_sha256"`
	Base64SHA256 types.String `tfsdk:"output_base64sha256"`
}

func (archiveFile) Metadata(_ context.Context, _ datasource.MetadataRequest, res *datasource.MetadataResponse) {
	res.TypeName = "archive_file"
}

func (archiveFile) Schema(_ context.Context, _ datasource.SchemaRequest, res *datasource.SchemaResponse) {
	computed := schema.StringAttribute{Computed: true}
	res.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                  computed,
		"type":                schema.StringAttribute{Required: true},
		"source_dir":          schema.StringAttribute{Optional: true},
		"source_file":         schema.StringAttribute{Optional: true},
		"excludes":            schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"output_path":         schema.StringAttribute{Required: true},
		"output_size":         schema.Int64Attribute{Computed: true},
		"output_md5":          computed,
		"output_sha256":       computed,
		"output_base64sha256": computed,
	}}
}

func (archiveFile) Read(ctx context.Context, req datasource.ReadRequest, res *datasource.ReadResponse) {
	var s archiveState
	res.Diagnostics.Append(req.Config.Get(ctx, &s)...)
	var excludes []string
	if !s.Excludes.IsNull() {
		res.Diagnostics.Append(s.Excludes.ElementsAs(ctx, &excludes, false)...)
	}
	if res.Diagnostics.HasError() {
		return
	}
	packed, err := s.pack(excludes)
	if err != nil {
		res.Diagnostics.AddError("archive", err.Error())
		return
	}
	five, two := md5.Sum(packed), sha256.Sum256(packed)
	s.ID = types.StringValue(hex.EncodeToString(two[:20]))
	s.Size = types.Int64Value(int64(len(packed)))
	s.MD5 = types.StringValue(hex.EncodeToString(five[:]))
	s.SHA256 = types.StringValue(hex.EncodeToString(two[:]))
	s.Base64SHA256 = types.StringValue(base64.StdEncoding.EncodeToString(two[:]))
	res.Diagnostics.Append(res.State.Set(ctx, s)...)
}

// pack writes the archive and returns its bytes.
func (s archiveState) pack(excludes []string) ([]byte, error) {
	if kind := s.Type.ValueString(); kind != "zip" {
		return nil, fmt.Errorf("this stand-in makes zip archives, not %q", kind)
	}
	root := os.DirFS(s.SourceDir.ValueString())
	wanted := func(name string) bool { return !excluded(name, excludes) }
	if s.SourceDir.IsNull() {
		folder, file := filepath.Split(s.SourceFile.ValueString())
		root = os.DirFS(filepath.Clean(folder))
		wanted = func(name string) bool { return name == file }
	}
	var packed bytes.Buffer
	if err := zipOf(&packed, root, wanted); err != nil {
		return nil, err
	}
	out := s.OutputPath.ValueString()
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return nil, err
	}
	return packed.Bytes(), os.WriteFile(out, packed.Bytes(), 0o644)
}

func zipOf(out *bytes.Buffer, root fs.FS, wanted func(name string) bool) error {
	z := zip.NewWriter(out)
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case e.IsDir() && !wanted(name):
			return fs.SkipDir
		case e.IsDir() || !wanted(name):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(315532800, 0).UTC()})
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}

// excluded reports whether a pattern matches a path or a folder above it.
func excluded(name string, patterns []string) bool {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		for _, p := range patterns {
			if ok, err := path.Match(p, name); err == nil && ok || p == name {
				return true
			}
			if ok, err := path.Match(p, path.Base(name)); err == nil && ok {
				return true
			}
		}
	}
	return false
}
