import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../do/assets.js";
import { start } from "../../do/process.js";
import { UserError } from "../../errors.js";
import { readJsonLines } from "../json-lines.js";
import { inNamespace, type Argv } from "../network.js";

/** Limit of open files of a program: two sockets per call, with reserve. */
const OPEN_FILES = 65_536;
/** Milliseconds to wait for an event of a program: long enough for busy machines, on which a start takes seconds. */
const PATIENCE = 120_000;
/** Milliseconds for a program to end by itself before it is killed. */
const GRACE = 2000;

/** Running programs. They are killed when this process ends. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A running program of the lab, with JSON lines as input and output. */
export class Program<E extends { event: string }> {
  /** All events so far. */
  readonly events: E[] = [];
  /** The exit code; 128 and more for a signal. */
  readonly exited: Promise<number>;
  #listeners = new Set<(event: E) => void>();
  #child: ChildProcess;
  #errors = "";
  #over = false;
  #lastId = 0;

  /**
   * `namespace`: undefined for that of this process. `first`: the line with the program's job. `script`: what Node runs, with
   * arguments; by default the lab's program with this name.
   */
  constructor(
    readonly name: string,
    namespace: string | undefined,
    first: object,
    script: readonly string[] = [join(packageRoot, "dist/lab", `${name}.js`)],
  ) {
    const limited = `ulimit -n ${OPEN_FILES} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"`;
    const argv: Argv = ["sh", "-c", limited, "lab", process.execPath, ...script];
    this.#child = start({ argv: namespace === undefined ? argv : inNamespace(namespace, argv) });
    running.add(this.#child);
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
      this.#child.once("error", (error) => {
        this.#errors += error.message;
        resolve(127);
      });
    });
    void this.exited.then(() => this.#ended());
    this.#child.stderr?.on(
      "data",
      (text: Buffer) => (this.#errors = (this.#errors + String(text)).slice(-4000)),
    );
    this.#child.stdin?.on("error", () => undefined); // the program has ended; `exited` reports it
    if (this.#child.stdout)
      void readJsonLines(
        this.#child.stdout,
        (event) => this.#heard(event as E),
        () => undefined,
      );
    this.send(first);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  /** Calls back with each event from now on; returns a function that ends this. */
  onEvent(listener: (event: E) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first past or future event for which `wanted` is true; rejects after `timeout` milliseconds, or when the program ends. */
  waitFor<W extends E>(wanted: (event: E) => event is W, timeout?: number): Promise<W>;
  waitFor(wanted: (event: E) => boolean, timeout?: number): Promise<E>;
  waitFor(wanted: (event: E) => boolean, timeout = PATIENCE): Promise<E> {
    const past = this.events.find(wanted);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => stop(() => reject(this.fault(`said nothing of it in ${timeout} ms`))),
        timeout,
      );
      const off = this.onEvent((event) => wanted(event) && stop(() => resolve(event)));
      const stop = (then: () => void) => {
        clearTimeout(timer);
        off();
        then();
      };
      void this.exited.then((code) => stop(() => reject(this.fault(`ended with ${code}`))));
    });
  }

  /** Sends a command and resolves with the event that answers it. */
  async ask(command: object, timeout = PATIENCE): Promise<E> {
    const id = ++this.#lastId;
    if (this.#over) throw this.fault("has ended");
    const answer = this.waitFor((event) => "id" in event && event.id === id, timeout);
    this.send({ ...command, id });
    const event = await answer;
    if (event.event === "failed") throw this.fault((event as unknown as { error: string }).error);
    return event;
  }

  /** Stops the whole program, like one that hangs, or resumes it. */
  freeze(frozen: boolean): void {
    this.#child.kill(frozen ? "SIGSTOP" : "SIGCONT");
  }

  /** Ends the program: closes its standard input, and then kills it. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE);
    await this.exited;
    clearTimeout(timer);
  }

  #heard(event: E): void {
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  #ended(): void {
    this.#over = true;
    running.delete(this.#child);
  }

  /** An error of this program, with the last of what it wrote to standard error. */
  fault(what: string): Error {
    const said = this.#errors.trim();
    return new UserError(`the lab's ${this.name} ${what}${said === "" ? "" : `: ${said}`}`, {
      hint: "is dist up to date? node src/setup.mjs",
    });
  }
}
