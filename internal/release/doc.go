// Command release builds what people install: static binaries for each system,
// packed as archives, as wheels for pip and as packages for npm, with checksums
// and a bill of materials.
//
//	build ──▶ binary ──┬──▶ lazuli_1.2.3_linux_amd64.tar.gz   archive.go
//	                   ├──▶ lazuli-1.2.3-py3-none-….whl       wheel.go
//	                   ├──▶ lazuli-linux-x64-1.2.3.tgz        npm.go
//	                   ├──▶ lazuli_1.2.3_linux_amd64.cdx.json sbom.go
//	                   └──▶ linux/amd64/lazuli                for Containerfile
//	all of them ──────────▶ SHA256SUMS
//
// What it writes depends on the sources, the version and the Go release alone:
// two machines get the same bytes.
package main
