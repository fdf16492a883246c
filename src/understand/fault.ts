/** Where something stands in a source text: offsets in UTF-16 code units, end exclusive. */
export interface Range {
  start: number;
  end: number;
}

export type Path = readonly (string | number)[];

/** One thing that is wrong (or, as a warning, doubtful) in a fleet file. */
export interface Fault {
  path: Path;
  /** The rule first, then the legal set, then what was there; reads on from the name of the setting. */
  message: string;
  /** The way out. */
  hint?: string;
  /** Point at the key instead of its value (unknown keys, things that are missing inside it). */
  atKey?: boolean;
  /** A place that no path names (a YAML syntax error). */
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

/** A setting given once for the fleet is at fault for every host; it is told once. */
export function distinct(faults: readonly Fault[]): Fault[] {
  const byPlace = new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.message]), fault]));
  return [...byPlace.values()];
}
