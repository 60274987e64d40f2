// A simulated download: stage and progress as a launcher would report them.

const step = 400; // ms
const stages = [
  { stage: 'downloading', steps: 20 },
  { stage: 'installing', steps: 6 },
];

export class Progress {
  // send(status) reports to the server; fail(error) receives the error if the server refuses.
  constructor(send, fail) {
    this.send = send;
    this.fail = fail;
    this.timer = 0;
    // The server ignores a lower number than the last; the time keeps numbers growing after a reload.
    this.seq = Date.now();
  }

  set(stage, progress) {
    this.stop();
    return this.tell({ stage: stage, progress: progress });
  }

  // start resolves when the download is complete and the player is ready.
  start() {
    this.stop();
    let at = 0;
    let done = 0;
    return new Promise((ready) => {
      const next = () => {
        const now = stages[at];
        if (!now) {
          ready(this.set('ready'));
          return;
        }
        this.tell({ stage: now.stage, progress: done / now.steps });
        if (++done > now.steps) {
          at++;
          done = 0;
        }
        this.timer = setTimeout(next, step);
      };
      next();
    });
  }

  stop() {
    clearTimeout(this.timer);
  }

  async tell(status) {
    try {
      await this.send(Object.assign({ seq: ++this.seq }, status));
    } catch (error) {
      this.stop();
      this.fail(error);
    }
  }
}
