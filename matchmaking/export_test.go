package matchmaking

// EmptyAfter is how long a deserted match goes on.
const EmptyAfter = emptyAfter

// MaxLabel is the longest label the host takes.
const MaxLabel = maxLabel
