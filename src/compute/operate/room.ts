import type { HostLook } from "./look.js";

/**
 * Why a host cannot be drained now: another host is not ready, or the others have no room for the calls of all hosts together. (The host's
 * calls end on it, but as many new ones begin on the others meanwhile.) Undefined if it can.
 */
export function objection(
  host: string,
  looks: ReadonlyMap<string, HostLook>,
  all: readonly string[],
): string | undefined {
  const others = all.filter((name) => name !== host);
  const unready = others.filter((name) => looks.get(name)?.ready !== true);
  if (unready.length > 0) return `${unready.join(", ")} ${unready.length > 1 ? "are" : "is"} not ready`;
  const taking = others.flatMap((name) => looks.get(name) ?? []).filter(({ draining }) => !draining);
  if (taking.length === 0) return "no other host accepts calls";
  const up = [...looks.values()].reduce((sum, { count }) => sum + (count ?? 0), 0);
  const room = taking.reduce((sum, { limit }) => sum + (limit === 0 ? Infinity : limit), 0);
  return up <= room ? undefined : `${up} calls are up, but the other hosts have room for ${room} only`;
}
