# `make help` lists what there is. `run` and `test` need Go alone.

GO ?= go
TOOLS := .ci/tools/go.mod

BROWSER := .ci/browser

.PHONY: help run test check format bench room build browser browser-all lighthouse chromium

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: ## build and serve the whole product with demo data on http://localhost:8080
	$(GO) run ./cmd/upstander serve --demo --source .

test: ## run every test that needs Go alone
	$(GO) test -timeout 20m ./...

check: ## format, vet, staticcheck, and every test with the race detector
	@unformatted="$$($(GO) tool -modfile=$(TOOLS) gofumpt -l cmd internal views public modules)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted (make format):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool -modfile=$(TOOLS) staticcheck -checks inherit,-ST1012 ./...
	$(GO) run ./cmd/upstander check --complete modules
	$(GO) test -race -timeout 45m ./...

format: ## format the sources
	$(GO) tool -modfile=$(TOOLS) gofumpt -w cmd internal views public modules

bench: ## measure stores, requests and streams; ratios are taken in one run
	$(GO) test -run '^$$' -bench . -benchtime 2s ./internal/store/storetest
	$(GO) test -run '^$$' -bench . -benchtime 4000x ./internal/app
	$(GO) test -run '^$$' -bench Pages -benchtime 200x -timeout 30m ./internal/insights
	$(GO) test -run '^$$' -bench Export -benchtime 1x -timeout 30m ./internal/insights
	$(GO) test -run '^$$' -bench Import -benchtime 1x -timeout 30m ./internal/requirement
	$(GO) test -run '^$$' -bench Streams -benchtime 1x ./internal/workshop

room: ## fill a workshop with 500 phones and break what can break; let 10,000 come and go
	UPSTANDER_TEST_PHONES=500 $(GO) test -count 1 -run TestRoomUnderFaults -v ./internal/app
	UPSTANDER_TEST_JOINS=10000 $(GO) test -count 1 -run TestNothingLeaks -v ./internal/workshop

build: ## build the one binary into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/upstander ./cmd/upstander

browser: chromium $(BROWSER)/node_modules/.ready ## walk every page in Debian's Chromium, in a pairwise selection of variants
	cd $(BROWSER) && GO="$(GO)" PATH="$$PWD/node_modules/.bin:$$PATH" node run.mjs $(ARGS)

browser-all: chromium $(BROWSER)/node_modules/.ready ## the same in every variant; takes hours
	cd $(BROWSER) && GO="$(GO)" PATH="$$PWD/node_modules/.bin:$$PATH" node run.mjs --all $(ARGS)

lighthouse: chromium $(BROWSER)/node_modules/.ready ## measure four pages with Lighthouse on a simulated phone
	cd $(BROWSER) && GO="$(GO)" PATH="$$PWD/node_modules/.bin:$$PATH" node lighthouse.mjs

chromium:
	@command -v npm >/dev/null && test -x "$${CHROME_PATH:-/usr/bin/chromium}" || { echo "npm or Chromium is missing; as root: apt-get install npm chromium" >&2; exit 1; }

$(BROWSER)/node_modules/.ready: $(BROWSER)/package-lock.json
	npm ci --prefix $(BROWSER) --ignore-scripts --no-audit --no-fund
	touch $@
