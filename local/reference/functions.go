package reference

// Function describes a function of conditions.
type Function struct{ Name, Usage, Doc string }

// Functions describes the functions that conditions may call besides those of the expression language, sorted by name.
var Functions = []Function{
	{"date", `date("2026-12-24")`, `A moment, to compare with now: "2026-12-24" is the beginning of that day in UTC, "2026-12-24T18:00:00+01:00" any moment.`},
	{"duration", `duration("24h")`, "A length of time, in the units of the file: ms, s, m, h and d. For account_age, party.age and differences of times."},
	{"hash", `hash(user.id, "new-queue") % 100`, "A number from 0 that is always the same for the same text, for staged rollouts. A second text, such as the feature's name, gives another mix of players."},
	{"hour", `hour(now, "Europe/Berlin")`, "The hour of a moment, 0 to 23. Without a zone in UTC."},
	{"time_of_day", `time_of_day(now, "UTC")`, `The time of a moment as "HH:MM", so that times compare as text: time_of_day(now) >= "22:30". Without a zone in UTC.`},
	{"weekday", `weekday(now, "Asia/Tokyo")`, `The day of the week of a moment, "monday" to "sunday". Without a zone in UTC.`},
}
