module partyline

go 1.26.5

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/google/uuid v1.6.0
	github.com/gorilla/mux v1.8.1
	github.com/heroiclabs/nakama-common v1.47.0
	golang.org/x/crypto v0.54.0
	google.golang.org/protobuf v1.36.11
	pgregory.net/rapid v1.2.0
)
