import { attempt, type Command, type Finished } from "../../src/do/process.js";

/** Starts a command; resolves when a line of its output matches, or at its end. `end` signals it to end. */
export async function begin(
  command: Command,
  says: RegExp,
): Promise<{ done: Promise<Finished>; end: () => void }> {
  let said: () => void = () => undefined;
  const fits = new Promise<void>((resolve) => (said = resolve));
  const onLine = (line: string) => void (says.test(line) && said());
  const ender = new AbortController();
  const done = attempt({ ...command, onLine, signal: ender.signal, grace: 120_000 });
  await Promise.race([fits, done]);
  return { done, end: () => ender.abort() };
}
