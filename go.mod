module partyline

go 1.26.5

require (
	github.com/google/uuid v1.6.0
	github.com/gorilla/websocket v1.5.3
	github.com/heroiclabs/nakama-common v1.47.0
	google.golang.org/protobuf v1.36.11
)
