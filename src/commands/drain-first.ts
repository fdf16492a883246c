import { tellingWhatStays } from "../cli/interrupt.js";
import { runSteps } from "../cli/steps.js";
import { UserError } from "../errors.js";
import type { Reached } from "../targets/reach.js";
import type { Host } from "../understand/fleet.js";
import { lookAtEach } from "./dispatcher.js";
import { tellHosts, untilDrained } from "./drain-host.js";
import { answerOf } from "./reach.js";

/** Milliseconds for a host to remove the mark of the drain. */
const PATIENCE = 30_000;

/** Files that keep a host draining after a restart. */
const marks = "/var/lib/sip-proxy/draining /var/lib/sip-proxy/leaving";

/**
 * Drains a running host before it is stopped or terminated: no new calls, then waits for the last one, for at most drain_limit. A host on
 * which nothing that carries calls has started is left as it is. `restarts`: a later launch starts the host again, which then accepts calls,
 * unless it was drained before. Throws UserError if the host does not answer: its calls are not known.
 */
export async function drainFirst({ name, settings }: Host, host: Reached, restarts: boolean): Promise<void> {
  const look = (await lookAtEach([host])).get(name);
  if (look === undefined)
    throw new UserError(`${name} does not answer, so it cannot be drained`, {
      hint: `see: sip-proxy doctor FLEET ${name}; the same command with --now ends the host, with its calls`,
    });
  if (!look.ready && look.count === undefined) return;
  const stays = () =>
    `${name} may be drained: run the same command again to continue, or sip-proxy undrain FLEET ${name}`;
  await tellingWhatStays(stays, () =>
    runSteps([
      { title: `${name}: no new calls`, run: () => tellHosts([host], "start") },
      {
        title: `${name}: the last call ends`,
        run: (tell) => untilDrained([host], settings.drain_limit * 1000, tell),
      },
    ]),
  );
  // Kamailio still refuses calls until it ends
  if (restarts && !look.draining) answerOf(await host.run(`rm -f ${marks}`, PATIENCE));
}
