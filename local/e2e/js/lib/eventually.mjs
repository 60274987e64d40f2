import { setTimeout as pause } from "node:timers/promises";

// eventually asks again until the answer fits: for what a server works out on its own time, such as an
// index that follows its source, or the end of a lifetime. It fails when the answer never fits.
export async function eventually(ask, fits, within = 15_000) {
  const deadline = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`still not after ${within} ms: ${JSON.stringify(answer)}`);
    }
    await pause(50);
  }
}
