import { Listr, ListrLogger, PRESET_TIMER, ProcessOutput, type ListrTask } from "listr2";
import { withCleanUp } from "./interrupt.js";

/** One step of something that takes long. `tell` says a detail of what it is doing now. */
export interface Step {
  title: string;
  run: (tell: (detail: string) => void) => Promise<unknown>;
}

/** How long each step took, in seconds, in order. */
export type StepTimes = { title: string; seconds: number }[];

/**
 * Runs steps one after the other, each with its elapsed time: moving on a terminal, plain lines elsewhere. The first
 * failure ends it and is thrown; so does Ctrl-C. `cleanUp` is called however it ends.
 */
export function runSteps(steps: readonly Step[], cleanUp?: () => Promise<void>): Promise<StepTimes> {
  return withCleanUp(async (interruption) => {
    const times: StepTimes = [];
    const tasks = steps.map(({ title, run }): ListrTask => ({
      title,
      task: async (_, task) => {
        const began = performance.now();
        const work = run((detail) => {
          task.output = detail;
        });
        await Promise.race([work, interruption]);
        times.push({ title, seconds: Math.round((performance.now() - began) / 100) / 10 });
      },
    }));
    await stepList(tasks).run();
    return times;
  }, cleanUp);
}

function stepList(tasks: ListrTask[]) {
  return new Listr(tasks, {
    renderer: "default",
    fallbackRenderer: "simple",
    registerSignalListeners: false, // they end the process with 127, and nothing is cleaned up
    rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false, collapseErrors: false },
    // where stdout is no terminal it is somebody's input, and progress is talk
    fallbackRendererOptions: { timer: PRESET_TIMER, logger: stderrLogger() },
  });
}

function stderrLogger(): ListrLogger {
  const processOutput = new ProcessOutput(process.stderr, process.stderr);
  return new ListrLogger({ useIcons: true, processOutput });
}

/** Steps that something else walks through, telling only when each one starts (a program's output). */
export class FollowedSteps {
  readonly #gates: { name: string; open: () => void; fail: (error: unknown) => void; done: Promise<void> }[];

  constructor(names: readonly string[]) {
    this.#gates = names.map((name) => {
      let open = (): void => undefined;
      let fail: (error: unknown) => void = () => undefined;
      const done = new Promise<void>((resolve, reject) => {
        open = resolve;
        fail = reject;
      });
      done.catch(() => undefined);
      return { name, open, fail, done };
    });
  }

  /** Resolves when the named step is over. */
  done(name: string): Promise<void> {
    return this.#gates.find((gate) => gate.name === name)?.done ?? Promise.resolve();
  }

  /** The named step starts: those before it are over. */
  starts(name: string): void {
    const index = this.#gates.findIndex((gate) => gate.name === name);
    for (const gate of this.#gates.slice(0, Math.max(0, index))) gate.open();
  }

  finish(): void {
    for (const gate of this.#gates) gate.open();
  }

  fail(error: unknown): void {
    for (const gate of this.#gates) gate.fail(error);
  }
}
