import type { Fleet } from "../understand/fleet.js";
import { targets } from "./registry.js";
import type { Exporter, Feature, SecretKind, Target } from "./target.js";

export type TargetName = keyof typeof targets;

/** The targets with their names, in a fixed order. */
export const namedTargets = Object.entries(targets) as readonly (readonly [TargetName, Target])[];

export function targetsWith(feature: Feature): readonly (readonly [TargetName, Target])[] {
  return namedTargets.filter(([, { features }]) => features.includes(feature));
}

/** The targets that a fleet has images for. */
export function imageTargets(fleet: Fleet): TargetName[] {
  return namedTargets.flatMap(([name]) => (fleet.image.targets[name] === undefined ? [] : [name]));
}

export function operationsOf(name: TargetName) {
  const target: Target = targets[name];
  return target.operations();
}

/** The export formats for a fleet's group, of all targets, with their exporters. */
export function exporters(): Map<string, () => Promise<Exporter>> {
  return new Map(namedTargets.flatMap(([, { exports = {} }]) => Object.entries(exports)));
}

/** The kind of secret with this name, such as ssm. */
export function secretKind(kind: string): SecretKind | undefined {
  return namedTargets.map(([, { secretKinds }]) => secretKinds[kind]).find((found) => found !== undefined);
}

/** All forms of references that hosts resolve, as written in a fleet file. */
export function secretForms(form: "form" | "shortForm"): string[] {
  return namedTargets.flatMap(([, { secretKinds }]) =>
    Object.entries(secretKinds).map(([kind, forms]) => `\${${kind}:${forms[form]}}`),
  );
}

/** The smallest limit for user-data of all targets, in bytes: hosts get the same user-data on all of them. */
export function leastUserDataLimit(): number {
  return Math.min(...namedTargets.map(([, { userDataLimit = Infinity }]) => userDataLimit));
}
