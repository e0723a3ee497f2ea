#!/bin/sh
# Regenerates the Go code of this folder from its .proto files.
# Needs protoc, protoc-gen-go and protoc-gen-go-grpc:
#   go install google.golang.org/protobuf/cmd/protoc-gen-go@latest
#   go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@latest
# Files are named funcrpc/x.proto so that their entries in the process-wide
# protobuf registry cannot collide with another module's log.proto.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$(go env GOPATH)/bin"
protoc -I. --go_out=. --go_opt=paths=source_relative \
	--go-grpc_out=. --go-grpc_opt=paths=source_relative funcrpc/*.proto
