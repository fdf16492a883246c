/** A message on the console by a unit that a booting host needs. Other units, such as those of a group, are not waited for. */
const message = /\b(?:until-done|await-host|first-boot)\[\d+\]: sip-proxy: (.+)/;

/** What follows a message: a hint, or that something is tried again. It does not tell what is missing. */
const addition = /^(?:what to do: |attempt \d+ of |\S+ is started again in )/;

/** systemd's line for such a unit that is done; it can be shortened after the name. */
const done = /\bFinished sip-proxy-(?:configure|database|first-boot|media|selftest|user-data)\b/;

/**
 * What a booting host waits for, in its own words, from the lines of its console. Undefined if it has reported nothing since the last
 * of these units was done.
 */
export function waitsFor(lines: readonly string[]): string | undefined {
  return lines
    .slice(lines.findLastIndex((line) => done.test(line)) + 1)
    .flatMap((line) => message.exec(line)?.[1] ?? [])
    .findLast((words) => !addition.test(words))
    ?.replace(/^not ready: /, "");
}
