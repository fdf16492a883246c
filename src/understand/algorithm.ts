import { weightOf } from "./attributes.js";
import type { Fleet, Host, Recorder } from "./fleet.js";

/** Numbers of Kamailio's dispatcher algorithms that the fleet speaks of (dispatcher module, ds_select_dst). */
export const algorithm = {
  authUser: 5,
  hashOfPseudoVariable: 7,
  roundRobin: 4,
  weight: 9,
  callLoad: 10,
  relativeWeight: 11,
  parallelForking: 12,
} as const;

/** The recorders that a host's `disp_set` picks from. */
export function recordersOf(host: Host, fleet: Pick<Fleet, "recorders">): Recorder[] {
  return fleet.recorders.filter(({ siprec_set }) => host.settings.disp_set.includes(siprec_set));
}

/**
 * The algorithm in effect: the one given, else relative weights when any of the host's recorders has a weight, else
 * round robin. (Round robin ignores weights; algorithm 9 gives a dead recorder's share to its neighbour, 11 rebalances.)
 */
export function effectiveAlgorithm(host: Host, fleet: Pick<Fleet, "recorders">): number {
  const weighted = recordersOf(host, fleet).some(({ siprec_attrs }) => weightOf(siprec_attrs) !== undefined);
  return host.settings.disp_alg ?? (weighted ? algorithm.relativeWeight : algorithm.roundRobin);
}
