# make test      every test, race detector on; installs the real parts it needs
# make soak      the long form of tests that are short in make test
# make bench     beside floor programs: CPU time of a tool turn, reads side by side,
#                webhooks that hang, memory of idle chats; and reading and making a
#                skill beside bare SQL on both databases
# make eval      the built-in engine on recorded dialogues (DIALOGUES=folder)
# make generate  remake the committed generated files
# make lint      gofmt, vet, staticcheck

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ROOT        = $(shell test "$$(id -u)" = 0 || echo sudo)

.PHONY: build test soak parts bench eval generate lint fuzz

build:
	CGO_ENABLED=0 go build -trimpath -o bin/callwright ./cmd/callwright

test: parts
	go test -race -count=1 -timeout 20m -json ./... | go run ./internal/testcount

soak: parts
	go test ./e2e -count=1 -timeout 60m -run TestBadInputs -badinputs 10000
	go test ./e2e -count=1 -timeout 60m -run TestKilledDuringWrites -kills 200 -v
	go test ./internal/engine -count=1 -timeout 60m -run TestHijackedModel -hijackturns 10000 -v

# The real counterparts of the tests: Node (20.19 or later) with the official OpenAI
# client, the AI SDK and two linters of OpenAPI documents, Python for requests as the integration
# guide writes them, PostgreSQL's programs (the tests start their own; the
# configuration keeps Debian's from starting one).
parts:
	@command -v node >/dev/null && command -v npm >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq nodejs npm; }
	@command -v python3 >/dev/null && command -v curl >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq python3 curl; }
	@command -v cc >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq gcc libc6-dev; } # the race detector
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq postgresql-common && \
	  $(ROOT) sh -c 'mkdir -p /etc/postgresql-common/createcluster.d && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/callwright-tests.conf' && \
	  $(ROOT) apt-get install -y -qq postgresql; }
	@command -v mariadb-install-db >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq mariadb-server-core; }
	@test -d e2e/openai/node_modules/openai || npm ci --prefix e2e/openai --no-audit --no-fund --silent
	@test -d e2e/mail/node_modules/maildev || npm ci --prefix e2e/mail --ignore-scripts --no-audit --no-fund --silent
	@test -d e2e/sms/node_modules/emulate || npm ci --prefix e2e/sms --ignore-scripts --no-audit --no-fund --silent
	@test -d e2e/aisdk/node_modules/ai || npm ci --prefix e2e/aisdk --ignore-scripts --no-audit --no-fund --silent
	@test -x e2e/openapi/node_modules/.bin/spectral || npm ci --prefix e2e/openapi --ignore-scripts --no-audit --no-fund --silent

bench:
	go run ./internal/bench
	go test ./internal/control -run '^$$' -bench Skill -benchtime 3s -count 3

DIALOGUES ?= ../shared/dialogues

eval: build
	e2e/eval.sh $(DIALOGUES)

generate:
	go test ./internal/app -run TestGeneratedFiles -count=1 -update
	go test ./cmd/callwright -run TestConfigurationReference -count=1 -update

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

# A short run of every fuzz target.
fuzz:
	@for p in $$(grep -rl '^func Fuzz' --include='*_test.go' internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE '^func Fuzz[A-Za-z0-9_]*' $$p/*_test.go | cut -c6-); do \
	    echo "$$p $$f"; go test ./$$p -run '^$$' -fuzz "^$$f$$" -fuzztime 20s || exit 1; done; done
