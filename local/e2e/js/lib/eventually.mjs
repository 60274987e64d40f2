import { setTimeout as pause } from "node:timers/promises";

// eventually asks again until the answer fits. It is for results that a server produces in its own time,
// such as an index that follows its source, or an expiry. It fails if the answer never fits.
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
