module partyline

go 1.26.5

require github.com/google/uuid v1.6.0
