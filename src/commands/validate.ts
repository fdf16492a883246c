import { count, printJson, talk } from "../cli/talk.js";
import { pathText, type Fault } from "../understand/fault.js";
import { reportFaults } from "../understand/report.js";
import { loadFleet, type LoadedFleet } from "./load-fleet.js";
import { renderHost } from "./render-host.js";
import { faultsError } from "./load-fleet.js";

/** `sip-proxy validate FLEET`: every fault with its line, or nothing; secrets need not be at hand. */
export function validate(file: string, options: { json?: boolean }): void {
  const loaded = loadFleet(file);
  const faults = [...loaded.warnings, ...renderedFaults(loaded)];
  if (faults.some(({ severity }) => severity !== "warning")) throw faultsError(faults, loaded.source);
  if (options.json) {
    printJson({
      fleet: loaded.fleet.name,
      hosts: loaded.fleet.hosts.map(({ name }) => name),
      warnings: faults.map(plain),
    });
    return;
  }
  if (faults.length > 0) talk.warn(reportFaults(faults, loaded.source));
  const { hosts, recorders, name } = loaded.fleet;
  talk.good(`${file}: fleet ${name} is valid: ${count(hosts, "host")}, ${count(recorders, "recorder")}`);
}

/** Faults that show only in what is rendered (sizes). A secret that is not at hand stands in by its usual length. */
function renderedFaults({ fleet }: LoadedFleet): Fault[] {
  const standIn = "x".repeat(32);
  return fleet.hosts.flatMap((host) => renderHost(fleet, host, () => standIn).faults);
}

function plain({ path, message, hint, severity }: Fault) {
  return { path: pathText(path), severity: severity ?? "error", message, hint };
}
