import { readFileSync } from "node:fs";
import { talk } from "../cli/talk.js";
import { UserError, UsageError } from "../errors.js";
import type { Fleet, Host } from "../understand/fleet.js";
import type { Fault } from "../understand/fault.js";
import { reportFaults, type Source } from "../understand/report.js";
import { understand } from "../understand/understand.js";

/** A fleet, and its source for faults that later stages find. */
export interface LoadedFleet {
  fleet: Fleet;
  source: Source;
  warnings: Fault[];
}

/** Reads and understands a fleet file. Throws UserError with every fault of the first stage that finds any. */
export function loadFleet(file: string): LoadedFleet {
  const { fleet, faults, source } = understand(readText(file), file);
  if (!fleet) throw faultsError(faults, source);
  return { fleet, source, warnings: faults };
}

/** The same, for commands that go on to do something: warnings are told on stderr. */
export function loadFleetAndWarn(file: string): LoadedFleet {
  const loaded = loadFleet(file);
  if (loaded.warnings.length > 0) talk.warn(reportFaults(loaded.warnings, loaded.source));
  return loaded;
}

/** A report of faults as the error that ends a command. */
export function faultsError(faults: readonly Fault[], source: Source): UserError {
  const errors = faults.filter(({ severity }) => severity !== "warning").length;
  return new UserError(
    `${source.file}: ${errors} ${errors === 1 ? "fault" : "faults"}\n\n${reportFaults(faults, source)}`,
  );
}

/** The host or group of that name. */
export function findHost(fleet: Fleet, name: string): Host {
  const host = fleet.hosts.find((candidate) => candidate.name === name);
  if (host) return host;
  throw new UsageError(
    `there is no host or group ${name} in the fleet`,
    `there are: ${fleet.hosts.map((h) => h.name).join(", ")}`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UserError(`cannot read the fleet file ${file}`, {
      hint: "give the path of a YAML file",
      cause,
    });
  }
}
