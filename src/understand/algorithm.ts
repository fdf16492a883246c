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

/** The recorders of a dispatcher set. */
export function recordersOf(set: number, { recorders }: Pick<Fleet, "recorders">): Recorder[] {
  return recorders.filter(({ siprec_set }) => siprec_set === set);
}

/**
 * The algorithm in effect for one of a host's sets: the one given, else relative weights when the set's recorders have
 * weights, else round robin. (Round robin ignores weights; relative weights send all calls to one recorder of a set that
 * has none; algorithm 9 gives a dead recorder's share to its neighbour, 11 rebalances.)
 */
export function effectiveAlgorithm(host: Host, set: number, fleet: Pick<Fleet, "recorders">): number {
  const weighted = recordersOf(set, fleet).some(({ siprec_attrs }) => weightOf(siprec_attrs) !== undefined);
  return host.settings.disp_alg ?? (weighted ? algorithm.relativeWeight : algorithm.roundRobin);
}
