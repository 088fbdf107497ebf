import { fork, type ChildProcess } from 'node:child_process';
import type { Contestant, Stretch } from './backend-measures.js';
import type { Pace, Turn } from './backend-program.js';

/** A contestant in its own process, which waits while others have their turns. */
export class MeasuredProcess {
  readonly #contestant: Contestant;
  readonly #child: ChildProcess;

  constructor(contestant: Contestant, child: ChildProcess) {
    this.#contestant = contestant;
    this.#child = child;
  }

  /** @throws {Error} If the contestant is not available. It has written the reason to stderr. */
  static async start(contestant: Contestant, { video, durationSec }: Stretch): Promise<MeasuredProcess> {
    const program = new URL('./backend-program.ts', import.meta.url);
    const child = fork(program, [contestant, video, String(durationSec)], { execArgv: ['--import', 'tsx'] });
    const measured = new MeasuredProcess(contestant, child);
    await measured.#answer();
    return measured;
  }

  /** @returns Units per second. */
  async take(turn: Turn): Promise<Pace> {
    this.#child.send(turn);
    return (await this.#answer()) as Pace;
  }

  end(): void {
    this.#child.kill();
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`The process of ${this.#contestant} ended before it answered.`));
      this.#child.once('exit', fail);
      this.#child.once('message', (message) => {
        this.#child.off('exit', fail);
        resolve(message);
      });
    });
  }
}
