import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { count, talk } from "../cli/talk.js";
import { additionFaults, withHostTexts } from "../do/additions.js";
import { withholdFromPrograms } from "../do/process.js";
import { UserError, UsageError } from "../errors.js";
import type { Fleet, Group, Host } from "../understand/fleet.js";
import { distinct, type Fault } from "../understand/fault.js";
import { reportFaults, type Source } from "../understand/report.js";
import { secretVariables } from "../understand/secret-variables.js";
import { understand } from "../understand/understand.js";

/** A fleet, and the text of its file: reports of later stages quote it. */
export interface LoadedFleet {
  fleet: Fleet;
  source: Source;
  warnings: Fault[];
}

/**
 * Reads and understands a fleet file. Throws UserError with all faults of the first stage that finds any. After it returns, programs
 * that are run do not get the environment variables that hold the fleet's secrets.
 */
export function loadFleet(file: string): LoadedFleet {
  const { fleet, faults, source } = understand(readText(file), file);
  if (!fleet) throw new FaultsError(faults, source);
  const ofFiles = additionFaults(fleet, file);
  if (ofFiles.length > 0) throw new FaultsError([...faults, ...ofFiles], source);
  withholdFromPrograms(secretVariables(fleet));
  return { fleet: withHostTexts(fleet, file), source, warnings: faults };
}

/** The same, for commands that change something: prints warnings to stderr. */
export function loadFleetAndWarn(file: string): LoadedFleet {
  const loaded = loadFleet(file);
  if (loaded.warnings.length > 0) talk.warn(reportFaults(loaded.warnings, loaded.source));
  return loaded;
}

/** The error that ends a command, with a report of faults. A fault that concerns every host is reported once. */
export class FaultsError extends UserError {
  readonly faults: readonly Fault[];

  constructor(
    faults: readonly Fault[],
    readonly source: Source,
  ) {
    const told = distinct(faults);
    const errors = told.filter(({ severity }) => severity !== "warning");
    super(`${source.file}: ${count(errors, "error")}\n\n${reportFaults(told, source)}`);
    this.name = "FaultsError";
    this.faults = told;
  }
}

/** The host or group of this name. */
export function findHost(fleet: Fleet, name: string): Host {
  const host = fleet.hosts.find((candidate) => candidate.name === name);
  if (host) return host;
  throw new UsageError(
    `the fleet has no host or group ${name}`,
    `choose from: ${fleet.hosts.map((h) => h.name).join(", ")}`,
  );
}

/** A fleet's group, and the host that represents its instances. */
export interface FleetGroup {
  fleet: Fleet;
  group: Group;
  host: Host;
}

/** Throws UsageError if the fleet has no group. */
export function findGroup(fleet: Fleet): FleetGroup {
  const host = fleet.hosts.find(({ kind }) => kind === "group");
  if (fleet.group && host) return { fleet, group: fleet.group, host };
  throw new UsageError(`the fleet ${fleet.name} has no group`, "add group: { name: …, subnets: […] }");
}

/** The hosts with these names, without duplicates. */
export function findHosts(fleet: Fleet, names: readonly string[]): Host[] {
  return [...new Set(names)].map((name) => findHost(fleet, name));
}

function readText(file: string): string {
  try {
    return decoded(file, readUpTo(file, LONGEST));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const why = reasons[(cause as NodeJS.ErrnoException).code ?? ""] ?? (cause as Error).message;
    throw new UserError(`cannot read the fleet file ${file}: ${why}`, {
      hint: "give the path of a YAML file",
      cause,
    });
  }
}

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
};

/** Largest fleet file in bytes: enough for some hundred thousand recorders. */
const LONGEST = 16 * 1024 ** 2;

/** Reads at most `most` bytes, because the path may name a pipe or a device without end. Throws UserError for a longer file. */
function readUpTo(file: string, most: number): Buffer {
  const handle = openSync(file, "r");
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; ;) {
      const piece = Buffer.alloc(65_536);
      const bytes = readSync(handle, piece);
      if (bytes === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, bytes));
      length += bytes;
      if (length > most)
        throw new UserError(`${file} is not a fleet file: it is larger than ${most / 1024 ** 2} MiB`);
    }
  } finally {
    closeSync(handle);
  }
}

/** Other encodings would silently change values. Throws UserError with the line. */
function decoded(file: string, bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (isUtf8(bytes)) return text;
  const line = text.slice(0, text.indexOf("\ufffd")).split("\n").length;
  throw new UserError(`${file}:${line} is not text in UTF-8`, { hint: "save the fleet file as UTF-8" });
}
