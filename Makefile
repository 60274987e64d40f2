# The lines of Nakama are named in local/lines/lines.txt alone. NAKAMA=3.41.0 chooses one, or
# SERVER=/path/to/nakama the very server that a program is; else the default line is built.
LINE = $(GO) run ./local/cmd/line
FOR  = $(if $(NAKAMA),-nakama $(NAKAMA)) $(if $(SERVER),-server $(SERVER))

GO    ?= go
TOOL  := $(GO) tool -modfile=tools/go.mod

# Where govulncheck looks vulnerabilities up: a URL, or file:// and a local copy's folder.
VULNDB ?= https://vuln.go.dev
TESTS ?= ./...

# The suites that play through a server's API, and everything that is no end-to-end suite.
SUITES = ./local/e2e ./local/e2e/access ./local/e2e/contract
UNITS  = $$($(GO) list ./... | grep -v /local/e2e)
BENCHES = $$(grep -rl --include='*_test.go' --exclude-dir=node_modules --exclude-dir=testdata --exclude-dir=build '^func Benchmark' . | xargs -n1 dirname | sort -u)

# Nothing runs at once in these, which the race detector makes ten times slower.
ALONE  = ./local/simulation ./local/yardstick ./matchmaking/formation ./matchmaking/seats ./party/reserve ./rpc/landing/card ./pass ./local/reference ./local .

# What is tested without it: those, the suites, which go through the plugin, documents, whose snippets are
# played one by one, and the benchmarks of servers.
CALMER = $(SUITES) ./local/e2e/docs ./local/e2e/overhead $(ALONE)
CALM   = $$($(GO) list $(TESTS) | grep -xF "$$($(GO) list $(CALMER))")
RACING = $$($(GO) list $(TESTS) | grep -vxF "$$($(GO) list $(CALMER))")

# A hundred test programs are linked without tables for a debugger; make check has vetted them.
LEAN = -vet=off -ldflags=-s

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

run: demo-sdk playground ## run the module at http://127.0.0.1:7350 or ADDR; LAN=1 lets phones in
	@echo "compiling; the first time takes a minute or two, and each package is named as it is done"
	@$(GO) build -v -o build/partyline ./local/cmd/partyline
	@exec build/partyline run $(if $(ADDR),--addr $(ADDR)) $(if $(LAN),--lan)

demo-sdk:
	@if command -v npm >/dev/null; then $(MAKE) -s local/demo/node_modules/.package-lock.json; \
	else echo "npm is not installed: the demo client at / will say so, everything else works"; fi

playground: ## build/playground: the page to write and try rules on
	@mkdir -p build/playground
	GOOS=js GOARCH=wasm $(GO) build -trimpath -ldflags "-s -w" -o build/playground/partyline.wasm ./local/playground/wasm
	@cp local/playground/static/* "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" build/playground/

test: ## every test, with the race detector; the suites through the plugin; benchmarks once
	@$(MAKE) --no-print-directory -j3 e2e-deps pluginhost playground
	@CHROMIUM="$$(local/e2e/browser/find.sh)" || exit 1; MCS="$$(local/api/mcs.sh)" || exit 1; NGINX="$$(local/e2e/docs/nginx.sh)" || exit 1; export CHROMIUM MCS NGINX; \
	$(MAKE) --no-print-directory -j2 test-racing test-calm

# The parts of make test, beside each other: each of them waits a lot. After the tests of a package each of
# its benchmarks runs once, with its small sizes: make bench has them all.
PART = $(TOOL) gotestsum --format pkgname-and-test-fails -- -exec $(CURDIR)/local/e2e/once.sh -p 4 -shuffle=on $(LEAN) -count=1 -timeout=15m

# Without the checks of unsafe pointers, which come with the race detector, take a quarter of its time, and
# find nothing here: there are none.
test-racing:
	$(PART) -race -gcflags=all=-d=checkptr=0 $(RACING)

test-calm:
	PARTYLINE_PLUGIN=$(CURDIR)/build/partyline.so $(PART) $(CALM)

test-fast: ## the unit tests: no end-to-end suites, no race detector
	$(GO) test -shuffle=on $(UNITS)

e2e-deps:
	@local/e2e/tools.sh
	@mkdir -p build
	@$(MAKE) -s $(patsubst %,local/%/node_modules/.package-lock.json,demo e2e/js e2e/browser)

# What npm has installed, of which it keeps this list; once more where what it was told is newer.
%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	@cd $* && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund >/dev/null

api: ## docs/api: schemas and typed clients, from the module's Go types
	$(GO) run ./local/cmd/api docs/api

check: ## formatting, vet, staticcheck and three more linters
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt differs"; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) errcheck -ignoretests -exclude tools/errcheck.txt ./...
	$(TOOL) ineffassign ./...
	$(TOOL) unparam ./...

vulncheck: ## known vulnerabilities that the code reaches, from VULNDB
	$(TOOL) govulncheck -db $(VULNDB) ./...

plugin: ## build/partyline.so, for the default line, NAKAMA=3.41.0 or SERVER=FILE
	$(LINE) $(FOR) -plugin build/partyline.so

pluginhost: ## the plugin, and beside it the program that opens it as the server does
	$(LINE) $(FOR) -plugin build/partyline.so -host build/pluginhost

plugins: ## build/LINE/partyline.so for every line
	for line in $$($(LINE) -list); do $(LINE) -nakama $$line -plugin build/$$line/partyline.so || exit 1; done

# The systems that the command line is built for.
SYSTEMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

release: ## build/release: plugins, the command line, bills of materials, checksums
	@test "$$($(GO) env GOOS)/$$($(GO) env GOARCH)" = linux/amd64 || { echo "make release: runs on linux/amd64"; exit 2; }
	rm -rf build/release && mkdir -p build/release
	@command -v aarch64-linux-gnu-gcc >/dev/null || \
	  echo "make release: no plugins for arm64, which take aarch64-linux-gnu-gcc (Debian: apt-get install gcc-aarch64-linux-gnu)"
	for line in $$($(LINE) -list); do \
	  for arch in amd64 $$(command -v aarch64-linux-gnu-gcc >/dev/null && echo arm64); do \
	    $(LINE) -nakama $$line -arch $$arch -plugin build/release/partyline-nakama-$$line-linux-$$arch.so || exit 1; \
	  done; \
	done
	stamp="$$($(LINE) -stamp)"; for system in $(SYSTEMS); do \
	  case $$system in windows/*) end=.exe ;; *) end= ;; esac; \
	  CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} $(GO) build -trimpath -ldflags "$$stamp" \
	    -o build/release/partyline-$${system%/*}-$${system#*/}$$end ./local/cmd/partyline || exit 1; \
	done
	$(GO) run ./local/cmd/release build/release
	cp CHANGELOG.md LICENSE build/release
	cd build/release && sha256sum CHANGELOG.md LICENSE >> SHA256SUMS

test-plugin: e2e-deps pluginhost playground ## the end-to-end suites through build/partyline.so in the plugin host
	PARTYLINE_PLUGIN=$(CURDIR)/build/partyline.so $(GO) test -count=1 -timeout=15m -v $(SUITES)

# What a line of Nakama can break: the packages that its API is compiled into.
HOSTED = ./hooks/... ./internal/... ./matchmaking/... ./module/... ./party/... ./rpc/... ./local/engine/...

check-lines: ## plugin, vet and unit tests of plugin and engine, on the lines beside the default one
	for line in $$($(LINE) -list); do \
	  if [ $$line = $$($(LINE) -default) ]; then continue; fi; \
	  echo "== Nakama $$line"; \
	  $(LINE) -nakama $$line -plugin build/$$line/partyline.so && \
	  $(LINE) -nakama $$line $(GO) vet $(HOSTED) && \
	  $(LINE) -nakama $$line $(GO) test $(LEAN) -count=1 -timeout=15m $(HOSTED) || exit 1; \
	done

# A line that only compiles has no suites: docs/upgrade.md says why 3.41.0 is one.
test-lines: e2e-deps playground ## on every line: vet, unit tests, the suites through the plugin
	@CHROMIUM="$$(local/e2e/browser/find.sh)" || exit 1; MCS="$$(local/api/mcs.sh)" || exit 1; export CHROMIUM MCS; \
	for line in $$($(LINE) -list); do \
	  echo "== Nakama $$line"; \
	  $(LINE) -nakama $$line -plugin build/$$line/partyline.so -host build/$$line/pluginhost && \
	  $(LINE) -nakama $$line $(GO) vet ./... && \
	  $(LINE) -nakama $$line $(GO) test -count=1 -timeout=15m $(UNITS) || exit 1; \
	  if grep -q "^$$line .* api" local/lines/lines.txt; then continue; fi; \
	  PARTYLINE_PLUGIN=$(CURDIR)/build/$$line/partyline.so $(GO) test -count=1 -timeout=15m -v $(SUITES) || exit 1; \
	done

record: ## record a stock server's transcripts again: NAKAMA=host:port
	NAKAMA=$(NAKAMA) $(GO) test -count=1 ./local/e2e/contract -record

# Real servers are started from the binary SERVER, on a PostgreSQL of this machine.
ON_SERVER = NAKAMA_SERVER=$(abspath $(SERVER)) local/e2e/with-postgres.sh $(GO) test -count=1 -timeout=15m

needs-server:
	@test -x "$(SERVER)" || { echo "usage: make test-host|conformance SERVER=path/to/nakama"; exit 2; }

test-host: needs-server e2e-deps plugin ## the end-to-end suites on real servers: SERVER=path/to/nakama
	$(LINE) $(FOR) -plugin build/fleet.so -package ./local/e2e/fleet/testdata/manager
	@CHROMIUM="$$(local/e2e/browser/find.sh)" || exit 1; export CHROMIUM; \
	NAKAMA_PLUGIN=$(CURDIR)/build/partyline.so NAKAMA_FLEET=$(CURDIR)/build/fleet.so $(ON_SERVER) -p 1 $(HOST_SUITES)

HOST_SUITES = ./local/e2e ./local/e2e/access ./local/e2e/contract ./local/e2e/docs ./local/e2e/faults ./local/e2e/fleet ./local/e2e/hardening \
              ./local/e2e/model ./local/e2e/queues

conformance: needs-server ## the engine's suites on a stock server: SERVER=path/to/nakama
	$(LINE) $(FOR) -plugin build/probe.so -package ./local/engine/realtime/testdata/probe
	NAKAMA_PLUGIN=$(CURDIR)/build/probe.so NAKAMA_SERVER=$(abspath $(SERVER)) local/e2e/with-postgres.sh local/e2e/with-server.sh \
	$(GO) test -count=1 -timeout=15m -p 1 ./local/e2e/contract ./local/engine/api ./local/engine/realtime

passes: ## the examples of docs/passes; needs node, python3-cryptography, g++, OpenSSL, Mono
	@mkdir -p build
	mcs="$$(local/api/mcs.sh)" && "$$mcs" -r:System.Numerics.dll -r:System.Runtime.Serialization.dll -out:build/check-pass.exe docs/passes/Check.cs docs/passes/Vectors.cs
	mono build/check-pass.exe pass/testdata/vectors.json
	node docs/passes/check.mjs pass/testdata/vectors.json
	python3 docs/passes/check.py pass/testdata/vectors.json
	g++ -std=c++17 docs/passes/check.cpp -lcrypto -o build/check-pass
	python3 docs/passes/lines.py pass/testdata/vectors.json | build/check-pass

fuzz: ## every fuzz target for FUZZTIME each (default 10s)
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(FUZZTIME),10s) $$pkg || exit 1; \
	  done; done

bench: ## every benchmark, measured
	$(GO) test -run '^$$' -bench . -benchmem $(BENCHES)

bench-host: needs-server plugin ## what messages cost a real server, stock = 1: SERVER=path/to/nakama
	$(LINE) $(FOR) -plugin build/empty.so -package ./local/e2e/overhead/testdata/empty
	$(BENCH_HOST) -bench 'Server' -benchtime 14x -volume 14 -large 248
	$(BENCH_HOST) -bench 'Redeem' -benchtime 400x
	$(BENCH_HOST) -bench 'State' -benchtime 12x
	$(BENCH_HOST) -bench 'Memory|Drop|Idle' -benchtime 1x -crowd 1500
	$(BENCH_HOST) -bench 'Viewers' -benchtime 1x -viewers 1000 -codes 1000 -lasting 15s -hogs 6
	$(BENCH_HOST) -bench 'Viewers' -benchtime 1x -viewers 5000 -codes 200 -lasting 15s -hogs 6

BENCH_HOST = NAKAMA_PLUGIN=$(CURDIR)/build/partyline.so NAKAMA_EMPTY=$(CURDIR)/build/empty.so $(ON_SERVER) ./local/e2e/overhead -run '^$$'

soak: ## everything at once for MINUTES (default 30); fails if anything has grown
	$(GO) test ./local/e2e/soak -run Soak -v -count=1 -timeout=0 -minutes $(or $(MINUTES),30)

rules-check: ## check a rules file: FILE=local/rules.yml
	$(GO) run ./local/cmd/partyline rules check $(or $(FILE),local/rules.yml)

.PHONY: help run playground demo-sdk test test-racing test-calm test-fast e2e-deps api check vulncheck plugin pluginhost plugins release test-plugin check-lines test-lines record needs-server test-host conformance fuzz bench bench-host soak rules-check passes
