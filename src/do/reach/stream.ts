import { createInterface } from "node:readline";
import { UserError } from "../../errors.js";
import { start } from "../process.js";

export interface Streaming {
  /** What runs a script that comes on its standard input. */
  argv: readonly [string, ...string[]];
  script: string;
  /** What it prints, as it comes, and what it says, line by line. */
  onData: (piece: Buffer) => void;
  onLine: (line: string) => void;
  /** Ends it: its standard input ends, and 10 s later itself. */
  signal: AbortSignal;
}

/** Milliseconds in which it ends by itself. */
const GRACE = 10_000;

/**
 * Runs a script whose output is more than a text, until it ends or is ended; its exit code, null when it was killed. It does not get what the
 * terminal's keys send to this process.
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
      // another process may still hold them
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
    stdin.on("error", () => undefined); // it has ended: its exit code tells
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
