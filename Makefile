# Kolo. `make help` says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GO ?= go
# Those of test first: they wait for processes and a browser, and what waits is best done beside what computes.
PACKAGES = ./test/... ./...
ASSETS = internal/edge/web/dist/manifest.json internal/understand/text/dist/lid.176.ftz internal/understand/text/dist/stopwords.txt
# What leaves out or shortens long arithmetic under the race detector (foundation/raced).
ARITHMETIC = $(shell grep -rl '"kolo/internal/foundation/raced"' --include='*_test.go' internal test | xargs dirname | sort -u | sed 's,^,./,')
# One package more than there are cores: tests wait for servers and for the disk. (-vet=off, because go vet has just looked at everything.)
AT_ONCE = $$(( $$(getconf _NPROCESSORS_ONLN) + 1 ))
SERVERS = $(GO) run ./test/servers --

.PHONY: help run build assets servers test check fmt generate bench clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## set up everything and serve http://127.0.0.1:8080 with data in ./data
	./bin/kolo serve

build: assets ## build ./bin/kolo
	$(GO) build -o bin/kolo ./cmd/kolo

assets: $(ASSETS) ## install the npm packages, build what browsers load, fetch the language model

web/node_modules/.installed: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund --loglevel=error
	touch $@

$(ASSETS) &: web/node_modules/.installed $(shell find web -path web/node_modules -prune -o -type f -print)
	npm --prefix web run --silent build

servers: ## install what the tests need (PostgreSQL, ClickHouse, Chromium) where that is allowed
	@test/setup

test: assets servers ## set up, and run all tests with both storage set-ups
	$(SERVERS) $(GO) test $(PACKAGES)

check: assets servers ## what CI runs: format, vet, staticcheck, generated code fresh, tests with -race, and without it what is shortened by it
	@test/fresh
	$(GO) vet $(PACKAGES)
	$(GO) tool staticcheck $(PACKAGES)
	$(SERVERS) $(GO) test -race -vet=off -p $(AT_ONCE) -timeout 15m $(PACKAGES)
	KOLO_TEST_ENGINE=sqlite $(GO) test -vet=off $(ARITHMETIC)

fmt: ## format the code
	gofmt -w cmd internal test
	$(GO) tool templ fmt internal

generate: ## write the generated code again
	$(GO) tool templ generate -path internal
	gofmt -w internal

bench: assets servers ## measure what is claimed, against peers and limits in the same run (KOLO_EVAL_DATA=DIR: and how well texts are understood)
	$(SERVERS) $(GO) run ./test/bench

clean: ## remove what was built (not the data)
	rm -rf bin web/node_modules internal/edge/web/dist/* internal/understand/text/dist/*
