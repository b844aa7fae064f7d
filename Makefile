# Waypost's words. `make` alone lists them. `make check` is what has to be green before a change is shared.

SHELL         := /bin/sh
.DEFAULT_GOAL := help
# The steps of check share two cores and one terminal: one after the other they are as fast, and can be read.
.NOTPARALLEL:

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
# The same rules as under formatters in .golangci.yml.
GOFUMPT  := $(TOOL) gofumpt -extra=group_params
GO_DIRS  := $(wildcard cmd conformance internal client)
LINTER   := bin/golangci-lint
FUZZTIME ?= 10s
ARGS     ?=

.PHONY: help
help: ## list these words
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## run gateway and simulator together on this machine (more flags in ARGS)
	bin/waypost demo $(ARGS)

.PHONY: build
build: ## build bin/waypost, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/waypost ./cmd/waypost

# -race is the only thing here that needs a C compiler. The order is shuffled so that no test leans on another.
.PHONY: test
test: ## run the whole test suite, with the race detector
	@scripts/test-deps.sh
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout 15m ./...

.PHONY: race
race: test ## the same as test

# An hour or more, in simulated time: 10,000 ambiguous sends in each way an answer can get lost, and 200,000 messages at a number's pace.
.PHONY: full
full: ## the demonstrations of the way out, at their full size
	WAYPOST_FULL=1 WAYPOST_PACE_MESSAGES=200000 $(GO) test ./internal/outbox -v -timeout 6h \
		-run 'TestAmbiguousSends|TestABlindRetryDoubles|TestThePaceIsThatOfTheLimits'

.PHONY: check
check: formatted tidied generated lint deadcode test build ## everything that must be green before a change is shared

.PHONY: lint
lint: $(LINTER) ## run the linters
	CGO_ENABLED=0 $(LINTER) run ./...

.PHONY: fmt
fmt: $(LINTER) ## format the sources
	$(LINTER) fmt

.PHONY: gen
gen: ## write everything that is generated
	$(GO) generate ./...

.PHONY: bench
bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The go command fuzzes one target at a time. The list is asked for first, so that a package that does not build stops us.
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s) each
	@set -e; \
	for pkg in $$($(GO) list ./...); do \
		listed=$$($(GO) test -list '^Fuzz' $$pkg); \
		for target in $$(printf '%s\n' "$$listed" | grep '^Fuzz' || true); do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

.PHONY: tidy
tidy: ## tidy go.mod and tools/go.mod
	$(GO) mod tidy
	$(GO) -C tools mod tidy

.PHONY: hooks
hooks: ## let git check each commit (.githooks)
	git config core.hooksPath .githooks
	@$(GOFUMPT) -version >/dev/null # built now, so that the first commit does not wait for it

.PHONY: clean
clean: ## remove what was built (never data)
	rm -rf bin dist

# The steps of check that only look.

.PHONY: formatted tidied generated deadcode
formatted:
	@bad=$$($(GOFUMPT) -l $(GO_DIRS)) || exit 1; \
	if [ -n "$$bad" ]; then printf 'not formatted, run make fmt:\n%s\n' "$$bad"; exit 1; fi

tidied:
	$(GO) mod tidy -diff
	$(GO) -C tools mod tidy -diff

# Compared with the state before, not with the last commit: check has to work in the middle of a change.
generated:
	@sums() { git ls-files -z --cached --others --exclude-standard | xargs -0 cksum 2>/dev/null || true; }; \
	before=$$(sums); $(MAKE) --no-print-directory gen && after=$$(sums) || exit 1; \
	if [ "$$before" != "$$after" ]; then echo 'generated files were not up to date; they are now'; exit 1; fi

# Tests count as callers: storetest and the test support of the simulator have no others.
deadcode:
	@bad=$$(CGO_ENABLED=0 $(TOOL) deadcode -test ./...) || exit 1; \
	if [ -n "$$bad" ]; then printf 'nothing reaches:\n%s\n' "$$bad"; exit 1; fi

# The linter takes minutes to build and is run often, so it is kept. No version control stamp: it is not ours.
$(LINTER): tools/go.mod tools/go.sum
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -modfile=tools/go.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@
