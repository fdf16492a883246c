import { UserError } from "../errors.js";
import type { Hosts } from "../targets/hosts.js";
import { operationsOf } from "../targets/lookup.js";
import type { Reached } from "../targets/reach.js";
import type { Operations } from "../targets/target.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { drainFirst } from "./drain-first.js";
import { printOutcomes, tellOutcome, type Outcome } from "./launch.js";
import { findHosts, loadFleet } from "./load-fleet.js";
import { isReached, runs } from "./reach.js";
import type { TargetOption } from "./target-option.js";

export interface EndingOptions extends TargetOption {
  dryRun?: boolean;
  json?: boolean;
  /** Also release what was created for the host besides itself, such as an address. */
  release?: boolean;
  /** Do not wait for current calls to end. */
  now?: boolean;
}

/** `sip-proxy stop FLEET NAME…` and `sip-proxy terminate FLEET NAME…`. */
export function ending(end: "stop" | "terminate") {
  return async (file: string, names: string[], options: EndingOptions): Promise<void> => {
    const { fleet } = loadFleet(file);
    const hosts = findHosts(fleet, names);
    const operations = await operationsOf(options.target);
    await operations.withHosts(fleet, options, async (target) => {
      const now = options.now === true;
      const outcomes: Outcome[] = [];
      for (const host of hosts) {
        const before = now || target.drains ? undefined : await toDrain(target, operations, fleet, host);
        if (before && options.dryRun !== true) await drainFirst(host, before, end === "stop");
        const done =
          end === "stop"
            ? await target.stop(host, { now })
            : await target.terminate(host, { now, release: options.release === true });
        outcomes.push(
          tellOutcome(host, before && options.dryRun ? `would drain it first; ${done}` : done, options),
        );
      }
      if (options.json) printOutcomes(target, outcomes, options);
    });
  };
}

/** The host, if it runs and the target can reach it. Throws UserError if it cannot be reached now: it may have calls. */
async function toDrain(
  target: Hosts,
  { reach }: Operations,
  fleet: Fleet,
  host: Host,
): Promise<Reached | undefined> {
  if (reach === undefined || !(await runs(target, host))) return undefined;
  const [found] = await reach(fleet, [host]);
  if (found === undefined || isReached(found)) return found;
  throw new UserError(`${host.name} is running, but cannot be reached to drain it: ${found.why}`, {
    hint: "the same command with --now ends the host, with its calls",
  });
}
