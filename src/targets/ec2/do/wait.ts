import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two looks at something that takes its time; SIP_PROXY_POLL (seconds) goes before the usual pause. */
export function pause(seconds: number): number {
  return Number(process.env["SIP_PROXY_POLL"] || seconds) * 1000;
}

/** Looks every few seconds until there is something to see; undefined when there was nothing in `timeout` milliseconds. */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  { every, timeout }: { every: number; timeout: number },
): Promise<T | undefined> {
  const end = Date.now() + timeout;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    const rest = end - Date.now();
    if (rest <= 0) return undefined;
    await sleep(Math.min(pause(every), rest));
  }
}
