module partyline

go 1.26.5

require github.com/google/uuid v1.6.0

require (
	github.com/gorilla/mux v1.8.1
	github.com/skip2/go-qrcode v0.0.0-20200617195104-da1b6568686e
	golang.org/x/net v0.57.0
)
