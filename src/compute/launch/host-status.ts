import { readDispatcherList, type DispatcherTarget } from "./dispatcher-flags.js";

/** The steps of a boot, in order, and the services that run after it. */
export const bootSteps = [
  "sip-proxy-configure.service",
  "sip-proxy-database.service",
  "sip-proxy-media.service",
  "kamailio.service",
  "sip-proxy-selftest.service",
] as const;

/** Services that follow the dispatcher table, and that check whether calls are recorded. */
const watches = ["sip-proxy-dispatcher-sync.service", "sip-proxy-call-watch.service"];

/** Units that are only shown in some cases: for missing user-data, and for added files and units. */
const occasional = ["sip-proxy-user-data.service", "sip-proxy-added.service"];

/** The state of a systemd unit. */
export interface UnitState {
  unit: string;
  /** active, activating, failed, inactive */
  state: string;
  /** The status text that the unit has set. */
  status: string;
  /** Number of restarts by systemd. */
  restarts: number;
}

export interface HostStatus {
  ready: boolean;
  steps: UnitState[];
  services: UnitState[];
  targets: DispatcherTarget[];
}

const properties = ["Id", "ActiveState", "StatusText", "NRestarts"];
const divider = "--- dispatcher.list ---";

/** The script that prints a host's status. `relayUnits`: the units of its media relay. */
export function statusScript(relayUnits: readonly string[]): string {
  const units = [...bootSteps, ...relayUnits, ...watches, ...occasional];
  return [
    `systemctl show --property=${properties.join(",")} ${units.join(" ")}`,
    `echo '${divider}'`,
    "sudo kamcmd dispatcher.list 2>&1",
    "true",
  ].join("\n");
}

/** Reads the output of the script. */
export function readHostStatus(output: string): HostStatus {
  const [units = "", list = ""] = output.split(divider);
  const states = units.split(/\n\s*\n/).flatMap((block) => unitState(block) ?? []);
  const isStep = ({ unit }: UnitState) => (bootSteps as readonly string[]).includes(unit);
  return {
    ready: states.some(({ unit, state }) => unit === "sip-proxy-selftest.service" && state === "active"),
    steps: states.filter(isStep),
    services: states.filter(
      (unit) => !isStep(unit) && (!occasional.includes(unit.unit) || unit.state !== "inactive"),
    ),
    targets: readDispatcherList(list),
  };
}

function unitState(block: string): UnitState | undefined {
  const values = new Map(
    block.split("\n").map((line): [string, string] => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
  const unit = values.get("Id");
  if (unit === undefined) return undefined;
  return {
    unit,
    state: values.get("ActiveState") ?? "unknown",
    status: values.get("StatusText") ?? "",
    restarts: Number(values.get("NRestarts") ?? 0),
  };
}
