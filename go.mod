module partyline

go 1.26.5

require github.com/google/uuid v1.6.0

require (
	github.com/expr-lang/expr v1.17.8 // indirect
	github.com/goccy/go-yaml v1.19.2 // indirect
	pgregory.net/rapid v1.2.0 // indirect
)
