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

test: e2e-deps ## every test, with the race detector and in random order, then every benchmark once
	$(TOOL) gotestsum --format pkgname-and-test-fails -- -race -shuffle=on -count=1 -timeout=15m $(TESTS)
	$(GO) test -run '^$$' -bench . -benchtime=1x $(TESTS) > build/bench.txt || { cat build/bench.txt; exit 1; }

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

test-host: e2e-deps ## the end-to-end suites against real servers with the module, the second with the rules local/e2e/testdata/queues.yml: make test-host NAKAMA=host:port QUEUES=host:port
	@test -n "$(NAKAMA)" -a -n "$(QUEUES)" || { echo "usage: make test-host NAKAMA=host:port QUEUES=host:port"; exit 2; }
	NAKAMA=$(NAKAMA) NAKAMA_QUEUES=$(QUEUES) $(GO) test -count=1 -timeout=15m -v ./local/e2e/...

fuzz: ## every fuzz target for FUZZTIME each (default 10s)
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(FUZZTIME),10s) $$pkg || exit 1; \
	  done; done

bench: ## every benchmark, measured
	$(GO) test -run '^$$' -bench . -benchmem $(TESTS)

rules-check: ## check a rules file: make rules-check FILE=local/rules.yml
	$(GO) run ./local/cmd/partyline rules check $(or $(FILE),local/rules.yml)

.PHONY: help run demo-sdk test e2e-deps check vulncheck plugin record test-host fuzz bench rules-check
