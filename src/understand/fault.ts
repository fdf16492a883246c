/** A part of a source text: offsets in UTF-16 code units, end exclusive. */
export interface Range {
  start: number;
  end: number;
}

export type Path = readonly (string | number)[];

/** An error, or a warning, about one place of a fleet file. */
export interface Fault {
  path: Path;
  /** Continues the name of the setting: first the rule, then the allowed values, then the value that was found. */
  message: string;
  /** What to do. */
  hint?: string;
  /** Point at the key instead of its value, for unknown keys and for settings that are missing inside it. */
  atKey?: boolean;
  /** The place of a fault without a path, such as a YAML syntax error. */
  range?: Range;
  severity?: "warning";
}

/** `["recorders", "recorder1", "siprec_port"]` as `$.recorders.recorder1.siprec_port`. */
export function pathText(path: Path): string {
  const steps = path.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[A-Za-z_][\w-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `$${steps.join("")}`;
}

/** Faults without duplicates: a wrong setting of the fleet gives a fault for every host. */
export function distinct(faults: readonly Fault[]): Fault[] {
  const byPlace = new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.message]), fault]));
  return [...byPlace.values()];
}
