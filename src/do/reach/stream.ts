import { createInterface } from "node:readline";
import { UserError } from "../../errors.js";
import { start } from "../process.js";

export interface Streaming {
  /** A command that runs the script from its standard input. */
  argv: readonly [string, ...string[]];
  script: string;
  /** Called with standard output as it arrives; onLine with each line of standard error. */
  onData: (piece: Buffer) => void;
  onLine: (line: string) => void;
  /** When aborted, closes its standard input, and kills it 10 s later. */
  signal: AbortSignal;
}

/** Milliseconds for it to end by itself. */
const GRACE = 10_000;

/**
 * Runs a script with binary output until it ends or is stopped. Returns its exit code; null if it was killed. Signals from the terminal,
 * such as Ctrl-C, do not reach it.
 */
export function stream({ argv, script, onData, onLine, signal }: Streaming): Promise<number | null> {
  const child = start({ argv }, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error("no pipes");
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      stdin.end();
      timer ??= setTimeout(kill, GRACE);
    };
    const kill = () => {
      child.kill("SIGKILL");
      // another process may still have them open
      stdout.destroy();
      stderr.destroy();
    };
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    };
    child.on("error", ({ message }) => {
      finish();
      reject(new UserError(`${argv[0]}: ${message}`));
    });
    child.on("close", (code) => {
      finish();
      resolve(code);
    });
    stdin.on("error", () => undefined); // the program has ended; its exit code has the reason
    stdout.on("data", (piece: Buffer) => {
      try {
        onData(piece);
      } catch (error) {
        finish();
        kill();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    createInterface({ input: stderr }).on("line", onLine);
    signal.addEventListener("abort", end);
    stdin.write(script);
    if (signal.aborted) end();
  });
}
