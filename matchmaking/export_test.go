package matchmaking

// EmptyAfter is how long a match continues without players and held seats.
const EmptyAfter = emptyTimeout

// MaxLabel is the longest label that the host accepts.
const MaxLabel = maxLabel
