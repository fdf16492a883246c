import { algorithm, effectiveAlgorithm, recordersOf } from "../algorithm.js";
import { readAttributes, weightOf } from "../attributes.js";
import { destination } from "../destination.js";
import type { Fault } from "../fault.js";
import type { Fleet, Host, Recorder } from "../fleet.js";
import { DISABLED, dispatcherColumns } from "../settings/recorder.js";
import { placeOf } from "./place-of.js";

const attrsOf = (recorder: Recorder) => ["recorders", recorder.name, "siprec_attrs"];

export function attributesAreReadable({ recorders }: Fleet): Fault[] {
  return recorders
    .filter(({ siprec_attrs }) => readAttributes(siprec_attrs) === undefined)
    .map((recorder) => ({
      path: attrsOf(recorder),
      message: `must be name=value pairs joined by ";", each name once; got ${JSON.stringify(recorder.siprec_attrs)}`,
    }));
}

export function attributesFitTheirColumn({ recorders }: Fleet): Fault[] {
  return recorders
    .filter(({ siprec_attrs }) => siprec_attrs.length > dispatcherColumns.attrs)
    .map((recorder) => ({
      path: attrsOf(recorder),
      message: `must fit the table's column: at most ${dispatcherColumns.attrs} characters; got ${recorder.siprec_attrs.length} characters`,
    }));
}

export function destinationsFitTheirColumn({ recorders }: Fleet): Fault[] {
  return recorders
    .filter((recorder) => destination(recorder).length > dispatcherColumns.destination)
    .map((recorder) => ({
      path: ["recorders", recorder.name, "private_ip_address"],
      message: `must fit the table's column: at most ${dispatcherColumns.destination} characters, port and transport included; got ${destination(recorder).length} characters`,
    }));
}

export function weightsAreNumbers({ recorders }: Fleet): Fault[] {
  return recorders.flatMap((recorder) => {
    const weight = weightOf(recorder.siprec_attrs);
    if (weight === undefined || (Number.isInteger(weight) && weight >= 1 && weight <= 1_000_000)) return [];
    return [
      { path: attrsOf(recorder), message: "must have a weight that is a whole number from 1 to 1000000" },
    ];
  });
}

/** If some rows of a set have a weight, all must have one: the share of the others would not be defined. */
export function weightsAreOnEveryRecorder({ recorders }: Fleet): Fault[] {
  const weighted = weightedBySet(recorders);
  return recorders.flatMap(({ name, siprec_set, siprec_attrs }) => {
    const others = weighted.get(siprec_set);
    if (others === undefined || weightOf(siprec_attrs) !== undefined) return [];
    const some = others.length > 3 ? [...others.slice(0, 3), "…"] : others;
    return [
      {
        path: ["recorders", name],
        atKey: true,
        message: `must have a weight too: other recorders of set ${siprec_set} have one (${some.join(", ")})`,
        hint: "add siprec_attrs: weight=N to every recorder of the set, or to none",
      },
    ];
  });
}

/** The recorders that have a weight, by set. Disabled ones, which get no calls, are named only if there are no others. */
function weightedBySet(recorders: readonly Recorder[]): Map<number, string[]> {
  const weighted = recorders.filter(({ siprec_attrs }) => weightOf(siprec_attrs) !== undefined);
  return new Map(
    weighted.map(({ siprec_set }) => {
      const rows = weighted.filter((row) => row.siprec_set === siprec_set);
      const inUse = rows.filter(({ siprec_flags }) => (siprec_flags & DISABLED) === 0);
      return [siprec_set, (inUse.length > 0 ? inUse : rows).map(withWeight)];
    }),
  );
}

function withWeight({ name, siprec_attrs }: Recorder): string {
  const weight = weightOf(siprec_attrs);
  return Number.isNaN(weight) ? name : `${name} has ${weight}`;
}

export function everyRecorderIsInASet({ recorders, hosts }: Fleet): Fault[] {
  const used = new Set(hosts.flatMap(({ settings }) => settings.disp_set));
  return recorders
    .filter(({ siprec_set }) => !used.has(siprec_set))
    .map(({ name, siprec_set }) => ({
      path: ["recorders", name, "siprec_set"],
      message: `must be in the disp_set of a proxy (used sets: ${[...used].join(", ")}); otherwise the recorder gets no calls`,
      hint: `use one of these sets, or add set ${siprec_set} to the disp_set of a proxy`,
    }));
}

export function everySetHasARecorder(fleet: Fleet): Fault[] {
  return fleet.hosts.flatMap((host) =>
    host.settings.disp_set
      .filter(
        (set) => fleet.recorders.length > 0 && !fleet.recorders.some(({ siprec_set }) => siprec_set === set),
      )
      .map((set) => ({
        path: placeOf(host, "disp_set"),
        message: `must contain sets that have recorders; set ${set} has none`,
        hint: `give a recorder siprec_set: ${set}`,
      })),
  );
}

export function algorithmSuitsAttributes(fleet: Fleet): Fault[] {
  return fleet.hosts.flatMap((host) => {
    const faults = host.settings.disp_set
      .filter((set) => recordersOf(set, fleet).length > 0)
      .flatMap((set) => algorithmFaults(host, set, fleet));
    return faults.filter(
      (fault, index) => faults.findIndex(({ message }) => message === fault.message) === index,
    );
  });
}

function algorithmFaults(host: Host, set: number, fleet: Fleet): Fault[] {
  const path = placeOf(host, "disp_alg");
  const recorders = recordersOf(set, fleet);
  const weights = recorders.flatMap(({ siprec_attrs }) => weightOf(siprec_attrs) ?? []);
  const number = effectiveAlgorithm(host, set, fleet);
  const fault = (message: string, hint?: string): Fault[] => [{ path, message, ...(hint && { hint }) }];

  if (number === algorithm.hashOfPseudoVariable)
    return fault(
      "must not be 7: it hashes a pseudo-variable, and there is no setting for that variable",
      "use 0 to hash the Call-ID",
    );
  if (number === algorithm.authUser)
    return fault(
      "must not be 5: it hashes the authenticated user, and SIPREC calls have none",
      "use 0 to hash the Call-ID",
    );
  if (number === algorithm.parallelForking)
    return fault(
      "must not be 12: it forks a call to all recorders, and only the first one that answers would record it",
      "remove disp_alg: each call then goes to one recorder, by weight or in turn",
    );
  if (
    number === algorithm.callLoad &&
    recorders.some(({ siprec_attrs }) => !readAttributes(siprec_attrs)?.has("duid"))
  )
    return fault(
      "is 10 (least loaded), which requires a duid for every recorder",
      "add siprec_attrs: duid=NAME to each recorder",
    );
  if (number === algorithm.weight && sum(weights) !== 100)
    return fault(
      `is 9, which requires weights that add up to 100; the weights of the recorders add up to ${sum(weights)}`,
      "remove disp_alg: relative weights can have any sum, and the other recorders share the calls of one that is down",
    );
  if (number === algorithm.relativeWeight && weights.length === 0)
    return fault(
      "is 11 (relative weights), which requires a weight for every recorder",
      "add siprec_attrs: weight=N to every recorder of the set",
    );
  if (number !== algorithm.weight && number !== algorithm.relativeWeight && weights.length > 0)
    return [
      {
        path,
        severity: "warning",
        message: `is ${number}, which does not use the weights of the recorders`,
        hint: "remove disp_alg to split calls by weight",
      },
    ];
  return [];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
