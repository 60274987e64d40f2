module partyline

go 1.26.5

require (
	github.com/expr-lang/expr v1.17.8
	github.com/goccy/go-yaml v1.19.2
	github.com/google/uuid v1.6.0
	github.com/heroiclabs/nakama-common v1.47.0
	google.golang.org/protobuf v1.36.11
	pgregory.net/rapid v1.2.0
)
