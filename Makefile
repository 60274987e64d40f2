# Versions. go.mod and the images in docker-compose.yml are checked against these.
NAKAMA_VERSION   := 3.40.0
COMMON_VERSION   := v1.47.0
PROTOBUF_VERSION := v1.36.11
PLUGIN_GO        := 1.26.5

GO    ?= go
TOOL  := $(GO) tool -modfile=tools/go.mod

# Where govulncheck looks vulnerabilities up: a URL, or file:// and a local copy's folder.
VULNDB ?= https://vuln.go.dev
TESTS ?= ./...

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

run: demo-sdk ## the module on the embedded engine at http://127.0.0.1:7350, with demo players and an invite link
	$(GO) run ./local/cmd/partyline run

demo-sdk:
	@if command -v npm >/dev/null; then cd local/demo && npm ci --ignore-scripts --silent --no-audit --no-fund; \
	else echo "npm is not installed: the demo client at / will say so, everything else works"; fi

test: e2e-deps ## every test, with the race detector and in random order, then every benchmark once; sets up what it needs
	@CHROMIUM="$$(local/e2e/browser/find.sh)" || exit 1; export CHROMIUM; \
	$(TOOL) gotestsum --format pkgname-and-test-fails -- -race -shuffle=on -count=1 -timeout=15m $(TESTS)
	$(GO) test -run '^$$' -bench . -benchtime=1x $(TESTS) > build/bench.txt || { cat build/bench.txt; exit 1; }

test-fast: ## the unit tests: no end-to-end suites, no race detector
	$(GO) test -shuffle=on $$($(GO) list ./... | grep -v /local/e2e)

e2e-deps:
	@mkdir -p build
	@cd local/demo && npm ci --ignore-scripts --silent --no-audit --no-fund
	@cd local/e2e/js && npm ci --ignore-scripts --silent --no-audit --no-fund
	@cd local/e2e/browser && npm ci --ignore-scripts --silent --no-audit --no-fund

check: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt differs"; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

vulncheck: ## known vulnerabilities that the code reaches, looked up in VULNDB (default https://vuln.go.dev)
	$(TOOL) govulncheck -db $(VULNDB) ./...

plugin: ## build/partyline.so, with the exact toolchain of the server it is for
	GOTOOLCHAIN=go$(PLUGIN_GO) $(GO) build -trimpath -buildmode=plugin -o build/partyline.so ./module

record: ## record the contract transcripts from a real server: make record NAKAMA=host:port
	NAKAMA=$(NAKAMA) $(GO) test -count=1 ./local/e2e/contract -record

# Real servers are started from the binary SERVER, on a PostgreSQL of this machine.
ON_SERVER = NAKAMA_SERVER=$(abspath $(SERVER)) local/e2e/with-postgres.sh $(GO) test -count=1 -timeout=15m

needs-server:
	@test -x "$(SERVER)" || { echo "usage: make test-host|conformance SERVER=path/to/nakama"; exit 2; }

test-host: needs-server e2e-deps plugin ## the end-to-end suites on real servers with the module: make test-host SERVER=path/to/nakama
	@CHROMIUM="$$(local/e2e/browser/find.sh)" || exit 1; export CHROMIUM; \
	NAKAMA_PLUGIN=$(CURDIR)/build/partyline.so $(ON_SERVER) -p 1 $(HOST_SUITES)

HOST_SUITES = ./local/e2e ./local/e2e/access ./local/e2e/docs ./local/e2e/faults ./local/e2e/model ./local/e2e/queues

conformance: needs-server ## what the engine promises, asked of a stock server: make conformance SERVER=path/to/nakama
	GOTOOLCHAIN=go$(PLUGIN_GO) $(GO) build -trimpath -buildmode=plugin -o build/probe.so ./local/engine/realtime/testdata/probe
	NAKAMA_PLUGIN=$(CURDIR)/build/probe.so $(ON_SERVER) ./local/e2e/contract ./local/engine/api ./local/engine/realtime

fuzz: ## every fuzz target for FUZZTIME each (default 10s)
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(FUZZTIME),10s) $$pkg || exit 1; \
	  done; done

bench: ## every benchmark, measured
	$(GO) test -run '^$$' -bench . -benchmem $(TESTS)

soak: ## everything at once for MINUTES (default 30); fails if memory, goroutines or presences have grown
	$(GO) test ./local/e2e/soak -run Soak -v -count=1 -timeout=0 -minutes $(or $(MINUTES),30)

rules-check: ## check a rules file: make rules-check FILE=local/rules.yml
	$(GO) run ./local/cmd/partyline rules check $(or $(FILE),local/rules.yml)

.PHONY: help run demo-sdk test test-fast e2e-deps check vulncheck plugin record needs-server test-host conformance fuzz bench soak rules-check
