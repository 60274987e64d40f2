// Package faults breaks the server while players act, and looks at what is left: no
// invite may have been used too often, nobody may hear a party without being in it, no
// seat may be taken twice or kept for ever, no party may be split over teams, and nothing
// may stay behind.
//
// TestEveryCall and TestEveryCallOfAMatch make each of the calls by which the module
// reaches its server go wrong in each way there is, one at a time, on an embedded engine.
// A run plays a part of these faults, from another start each time, and names the one that
// fails; with -faults.full it plays them all.
//
// The tests with Killed in their names kill the whole server, or its database, while
// players redeem one invite, or look for matches; -faults.rounds says how often. They run
// on the engine, and on a real server where these environment variables are set:
//
//	NAKAMA_QUEUES     host:port of the server; its module reads local/e2e/testdata/queues.yml
//	NAKAMA_KILL       command that kills the server at once, as kill -9 does
//	NAKAMA_START      command that starts it again; it may return before the server answers
//	NAKAMA_DB_KILL    command that kills its database at once
//	NAKAMA_DB_START   command that starts the database again
//
// Each command is a line for sh -c. What is not set is
// played on the engine instead.
//
// A new thing that players do is one entry in the list of acts.
package faults
