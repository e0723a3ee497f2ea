# Every task of the project. `make help` lists them; CI runs the same names.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
PROJECT  ?= examples/telemetry
FUZZTIME ?= 30s
GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION := v0.12.0
CRASHES  ?= 200
TARGETS  ?=
# Three modules: the program, and the two packages that others require.
PACKAGES := ./... github.com/lazuli-dev/lazuli/functions/... github.com/lazuli-dev/lazuli/changefeed/...
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help run test unit race crash fuzz conformance tofu browser bench lint fmt build dist web proto clean

help: ## list the tasks
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the example project (PROJECT=examples/telemetry)
	@scripts/build
	@exec bin/lazuli up $(PROJECT)

build: ## build bin/lazuli, a static binary
	@scripts/build -ldflags "-s -w -X github.com/lazuli-dev/lazuli/internal/cli.Version=$(VERSION)"

dist: ## build what people install, into dist: archives, wheels, packages for npm, checksums (TARGETS=linux/arm64,host)
	$(GO) run ./internal/release -version "$(VERSION)" -only "$(TARGETS)"

test: ## everything that must hold: vet, lint, unit tests with the race detector, crash tests, conformance, browser, seeds of the fuzz targets
	@scripts/test

unit: ## unit tests without the race detector: the quick loop
	$(GO) test $(PACKAGES)

race: ## unit tests with the race detector
	@LAZULI_RACE=all scripts/race

crash: ## kill -9 under load, CRASHES=200 times
	LAZULI_CRASHES=$(CRASHES) $(GO) test ./cmd/lazuli -run TestKill -count=1 -timeout 60m -v

fuzz: ## search with every fuzz target, FUZZTIME=30s each
	@scripts/fuzz $(FUZZTIME)

conformance: ## official SDK clients against a running binary
	@scripts/conformance

tofu: ## OpenTofu and the azurerm provider, built from source (15 minutes, once): validate deploy/, apply and destroy the fixture
	@scripts/tofu

bench: ## workloads and peers side by side; results in bench/RESULTS.md
	@scripts/bench

lint: ## golangci-lint with the project's rules; tidy modules
	for module in . functions changefeed; do (cd $$module && $(GO) mod tidy -diff && \
		$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) run ./...); done

fmt: ## gofumpt
	$(GO) run mvdan.cc/gofumpt@$(GOFUMPT_VERSION) -w cmd internal functions changefeed examples docs bench

web: ## rebuild the portal's types and bundle, and format its sources (needs Node); commit them
	$(GO) run ./internal/page/typescript > web/src/lib/wire.ts
	cd web && npm ci --no-audit --no-fund && npx --no-install prettier --write --log-level warn . && npx --no-install vite build

browser: ## the portal's pages in a real browser
	@scripts/browser

proto: ## regenerate functions/funcrpc (needs protoc), and what new apps carry
	cd functions && $(GO) generate ./...
	$(GO) generate ./internal/scaffold

clean: ## remove what was built; projects' data stays
	rm -rf bin dist bench/out conformance/out
