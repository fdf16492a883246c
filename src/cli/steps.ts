import { Listr, ListrLogger, PRESET_TIMER, ProcessOutput, type ListrTask } from "listr2";
import { withCleanUp } from "./interrupt.js";

/** One step of a long operation. `tell` reports a detail of the current work. */
export interface Step {
  title: string;
  run: (tell: (detail: string) => void) => Promise<unknown>;
}

/** The duration of each step in seconds, in order. */
export type StepTimes = { title: string; seconds: number }[];

/**
 * Runs steps one after the other, and shows elapsed times: updated on a terminal, as plain lines otherwise. The first
 * error or Ctrl-C ends it and is thrown. `cleanUp` is called in any case.
 */
export function runSteps(steps: readonly Step[], cleanUp?: () => Promise<void>): Promise<StepTimes> {
  return withCleanUp(async (interruption) => {
    const times: StepTimes = [];
    const tasks = steps.map(({ title, run }): ListrTask => ({
      title,
      task: async (_, task) => {
        const began = performance.now();
        const { tell, stop } = withSignsOfLife((detail) => {
          task.output = detail;
        }, process.stdout.isTTY);
        await Promise.race([run(tell), interruption]).finally(stop);
        times.push({ title, seconds: Math.round((performance.now() - began) / 100) / 10 });
      },
    }));
    await stepList(tasks).run();
    return times;
  }, cleanUp);
}

/** Milliseconds without output after which a step reports that it is still running. */
const SILENCE = 30_000;

/**
 * Adds lines to the reports of a step that reports nothing for 30 s, so that a log shows that it is still running. A
 * terminal shows the elapsed time anyway.
 */
export function withSignsOfLife(report: (detail: string) => void, terminal: boolean) {
  if (terminal) return { tell: report, stop: () => undefined };
  const began = performance.now();
  const still = () => report(`still running after ${Math.round((performance.now() - began) / 1000)} s`);
  const timer = setInterval(still, SILENCE);
  const tell = (detail: string) => {
    timer.refresh();
    report(detail);
  };
  return { tell, stop: () => clearInterval(timer) };
}

function stepList(tasks: ListrTask[]) {
  return new Listr(tasks, {
    renderer: "default",
    fallbackRenderer: "simple",
    registerSignalListeners: false, // listr2's handlers would end the process with 127, without cleaning up
    rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false, collapseErrors: false },
    // if stdout is not a terminal, another program reads it: progress goes to stderr
    fallbackRendererOptions: { timer: PRESET_TIMER, logger: stderrLogger() },
  });
}

function stderrLogger(): ListrLogger {
  const processOutput = new ProcessOutput(process.stderr, process.stderr);
  return new ListrLogger({ useIcons: true, processOutput });
}

/** Steps of another program, which only reports the start of each. */
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

  /** Resolves when the named step has ended. */
  done(name: string): Promise<void> {
    return this.#gates.find((gate) => gate.name === name)?.done ?? Promise.resolve();
  }

  /** Reports that the named step starts, so that earlier ones have ended. */
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
