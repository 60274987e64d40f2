// Package faults breaks the server while players act, and checks the result. No invite was used too
// often. Nobody hears a party without being in it. No seat is taken twice or kept forever. No party
// is split over teams. Nothing is left over.
//
// TestEveryCall and TestEveryCallOfAMatch make each call from the module to its server go wrong in
// every possible way, one at a time, on an embedded engine. A run tries a part of these faults, with
// a random start, and names each fault that fails. With -faults.full it tries all of them.
//
// The tests with Killed in their names kill the whole server, or its database, while players redeem
// one invite or look for matches. -faults.rounds sets how often. They run on the engine, or on a
// real server if these environment variables are set:
//
//	NAKAMA_QUEUES     host:port of the server; its module reads local/e2e/testdata/queues.yml
//	NAKAMA_KILL       command that kills the server at once, as kill -9 does
//	NAKAMA_START      command that starts it again; it may return before the server answers
//	NAKAMA_DB_KILL    command that kills its database at once
//	NAKAMA_DB_START   command that starts the database again
//
// Each command is a line for sh -c. A test whose variables are not all set runs on the engine
// instead.
//
// To test another action of players, add an entry to the list of acts.
package faults
