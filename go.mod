module partyline

go 1.26.5

require (
	github.com/google/uuid v1.6.0
	github.com/heroiclabs/nakama-common v1.47.0
	golang.org/x/time v0.14.0
)

require google.golang.org/protobuf v1.36.11 // indirect
