import type { Inventory } from "./inventory.js";

/** Something that a person must know of what was imported, or must settle before it can be. */
export interface Finding {
  /** The hosts that it is about; none for the whole inventory. */
  hosts: readonly string[];
  variable?: string;
  /** Where the variable is given, as far as it is known. */
  source: string;
  message: string;
  hint?: string;
}

type Told = Omit<Finding, "hosts" | "source">;

/** What is found while an inventory is mapped: the same said of several hosts is one finding. */
export class Findings {
  readonly #notes = new Map<string, Finding>();
  readonly #problems = new Map<string, Finding>();

  constructor(private readonly inventory: Inventory) {}

  /** A value that means something else in a fleet file than it did with the role. */
  note(hosts: string | readonly string[], told: Told): void {
    this.add(this.#notes, hosts, told);
  }

  /** What cannot be taken over. */
  problem(hosts: string | readonly string[], told: Told): void {
    this.add(this.#problems, hosts, told);
  }

  get notes(): Finding[] {
    return [...this.#notes.values()];
  }

  get problems(): Finding[] {
    return [...this.#problems.values()];
  }

  private add(to: Map<string, Finding>, about: string | readonly string[], told: Told): void {
    const key = JSON.stringify([told.variable, told.message]);
    const hosts = [
      ...new Set([...(to.get(key)?.hosts ?? []), ...(typeof about === "string" ? [about] : about)]),
    ];
    to.set(key, { ...told, hosts, source: sourceOf(hosts, told.variable, this.inventory) });
  }
}

/** Most places of a variable that are told. */
const mostPlaces = 4;

/** Where a variable of these hosts is given: the groups that have it, and the lines where it is written. */
function sourceOf(hosts: readonly string[], variable: string | undefined, inventory: Inventory): string {
  if (variable === undefined) return "";
  const onHost = hosts.some((host) => inventory.ownVariables.get(host)?.[variable] !== undefined);
  const groups = [...inventory.groupVariables].flatMap(([group, variables]) =>
    variables[variable] !== undefined && hosts.some((host) => inventory.groups.get(group)?.includes(host))
      ? [`group ${group}`]
      : [],
  );
  const places = placesOf(hosts, variable, inventory);
  const shown = places.length > mostPlaces ? [...places.slice(0, mostPlaces), "…"] : places;
  return [...(onHost ? [] : groups), ...shown].join(", ");
}

/** The lines that are not about other hosts or groups alone. */
function placesOf(hosts: readonly string[], variable: string, inventory: Inventory): string[] {
  return (inventory.occurrences.get(variable) ?? [])
    .filter(({ owner }) => {
      const about = inventory.groups.get(owner) ?? (inventory.hosts.has(owner) ? [owner] : hosts);
      return about.some((host) => hosts.includes(host));
    })
    .map(({ place }) => place);
}

/** Findings as a report: one entry for each variable, with all that was found of it. */
export function findingsText(findings: readonly Finding[]): string {
  const entries = new Map<string, Finding[]>();
  findings.forEach((finding, index) => {
    const key = finding.variable ?? `finding ${index}`; // a variable's name has no space
    entries.set(key, [...(entries.get(key) ?? []), finding]);
  });
  return [...entries.values()].map(entryText).join("\n");
}

/** All findings of one variable. Hosts and places that they share are in the first line. */
function entryText(found: readonly Finding[]): string {
  const [first] = found;
  if (first === undefined || found.length === 1) return found.map(findingText).join("");
  const shared = new Set(found.map(({ hosts, source }) => aboutText(hosts, source))).size === 1;
  const head = shared ? aboutText(first.hosts, first.source, first.variable) : (first.variable ?? "");
  const lines = found.map(({ hosts, source, message, hint }) =>
    lineText(shared ? "" : aboutText(hosts, source), message, hint, "    "),
  );
  return [`- ${head}:`, ...lines].join("\n");
}

/** One finding as lines of a report. */
export function findingText({ hosts, variable, source, message, hint }: Finding): string {
  return lineText(aboutText(hosts, source, variable), message, hint, "");
}

function lineText(about: string, message: string, hint: string | undefined, indent: string): string {
  const line = `${indent}- ${about === "" ? message : `${about}: ${message}`}`;
  return hint === undefined ? line : `${line}\n${indent}    hint: ${hint}`;
}

function aboutText(hosts: readonly string[], source: string, variable = ""): string {
  const about = [hosts.join(", "), variable].filter((part) => part !== "").join(": ");
  return about === "" || source === "" ? about : `${about} (${source})`;
}
