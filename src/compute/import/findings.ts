import type { Inventory } from "./inventory.js";

/** A note about an imported value, or a problem that prevents the import. */
export interface Finding {
  /** The hosts that it concerns; empty for the whole inventory. */
  hosts: readonly string[];
  variable?: string;
  /** The place of the variable, as far as it is known. */
  source: string;
  message: string;
  hint?: string;
}

type Told = Omit<Finding, "hosts" | "source">;

/** Collects findings. The same finding for several hosts is reported once. */
export class Findings {
  readonly #notes = new Map<string, Finding>();
  readonly #problems = new Map<string, Finding>();

  constructor(private readonly inventory: Inventory) {}

  /** Adds a note: a value has another effect in a fleet file than with the role. */
  note(hosts: string | readonly string[], told: Told): void {
    this.add(this.#notes, hosts, told);
  }

  /** Adds a problem: a value cannot be converted. */
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

/** Largest number of places to show for a variable. */
const mostPlaces = 4;

/** The places of a variable for these hosts: groups that have it, and lines in files. */
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

/** The lines that concern these hosts or their groups. */
function placesOf(hosts: readonly string[], variable: string, inventory: Inventory): string[] {
  return (inventory.occurrences.get(variable) ?? [])
    .filter(({ owner }) => {
      const about = inventory.groups.get(owner) ?? (inventory.hosts.has(owner) ? [owner] : hosts);
      return about.some((host) => hosts.includes(host));
    })
    .map(({ place }) => place);
}

/** Findings as a report, with one entry for each variable. */
export function findingsText(findings: readonly Finding[]): string {
  const entries = new Map<string, Finding[]>();
  findings.forEach((finding, index) => {
    const key = finding.variable ?? `finding ${index}`; // names of variables contain no space
    entries.set(key, [...(entries.get(key) ?? []), finding]);
  });
  return [...entries.values()].map(entryText).join("\n");
}

/** All findings about one variable. Common hosts and places are in the first line. */
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
