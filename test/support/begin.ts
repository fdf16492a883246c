import { attempt, type Command, type Finished } from "../../src/do/process.js";

/** Starts a command; resolves when lines of its output have matched all expressions, or at its end. `end` signals it to end. */
export async function begin(
  command: Command,
  ...says: readonly RegExp[]
): Promise<{ done: Promise<Finished>; end: () => void }> {
  let said: () => void = () => undefined;
  const fits = new Promise<void>((resolve) => (said = resolve));
  let missing = says;
  const onLine = (line: string) => {
    missing = missing.filter((one) => !one.test(line));
    if (missing.length === 0) said();
  };
  const ender = new AbortController();
  const done = attempt({ ...command, onLine, signal: ender.signal, grace: 120_000 });
  await Promise.race([fits, done]);
  return { done, end: () => ender.abort() };
}
