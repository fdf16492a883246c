import { weightOf } from "./attributes.js";
import type { Fleet, Host, Recorder } from "./fleet.js";

/** Numbers of the Kamailio dispatcher algorithms that this code refers to (dispatcher module, ds_select_dst). */
export const algorithm = {
  authUser: 5,
  hashOfPseudoVariable: 7,
  roundRobin: 4,
  weight: 9,
  callLoad: 10,
  relativeWeight: 11,
  parallelForking: 12,
} as const;

/** The recorders of a dispatcher set. */
export function recordersOf(set: number, { recorders }: Pick<Fleet, "recorders">): Recorder[] {
  return recorders.filter(({ siprec_set }) => siprec_set === set);
}

/**
 * The algorithm for one of a host's sets: the configured one; otherwise relative weights if the set's recorders have
 * weights, and round robin if not. (Round robin ignores weights. Relative weights send all calls to one recorder if the
 * set has no weights. Algorithm 9 gives the share of a dead recorder to its neighbour; 11 distributes it.)
 */
export function effectiveAlgorithm(host: Host, set: number, fleet: Pick<Fleet, "recorders">): number {
  const weighted = recordersOf(set, fleet).some(({ siprec_attrs }) => weightOf(siprec_attrs) !== undefined);
  return host.settings.disp_alg ?? (weighted ? algorithm.relativeWeight : algorithm.roundRobin);
}
