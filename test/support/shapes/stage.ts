import type { CallLab } from "../call-lab.js";
import { openEnds, type Ends } from "./ends.js";
import { PlayedCall } from "./play.js";
import type { Shape } from "./shape.js";

/** Both sides of a lab's proxy, to play calls of any form. */
export class Stage {
  #played = 0;

  private constructor(private readonly ends: Ends) {}

  static async open(lab: CallLab): Promise<Stage> {
    return new Stage(await openEnds(lab));
  }

  get lab(): CallLab {
    return this.ends.lab;
  }

  get platform(): Ends["platform"] {
    return this.ends.platform;
  }

  get recorder(): Ends["recorder"] {
    return this.ends.recorder;
  }

  async close(): Promise<void> {
    await Promise.all([this.platform.sockets.stop(), this.recorder.sockets.stop()]);
  }

  /** Plays a call of this form from INVITE to BYE; returns faults. */
  async play(shape: Shape): Promise<string[]> {
    const call = new PlayedCall(this.ends, shape, ++this.#played);
    try {
      await call.run();
    } catch (error) {
      call.problems.push((error as Error).message);
    }
    call.close();
    return call.problems;
  }
}
