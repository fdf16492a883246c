import { expect } from "vitest";
import type { Reveal } from "../../src/compute/host/secrets.js";
import type { Fleet } from "../../src/understand/fleet.js";
import { reportFaults } from "../../src/understand/report.js";
import { understand } from "../../src/understand/understand.js";

interface Parts {
  settings?: object;
  recorders?: object;
  [section: string]: unknown;
}

/** A small fleet, with parts replaced by the test. */
export function fleetOf(parts: Parts = {}): Fleet {
  const { fleet, faults, source } = understand(fleetText(parts), "fleet.yaml");
  if (!fleet) expect.fail(reportFaults(faults, source));
  return fleet;
}

/** Its file. */
export function fleetText(parts: Parts): string {
  const file = {
    fleet: "test",
    database: { dbhost: "127.0.0.1", dbpass_kam: "secret" },
    settings: { trusted: ["203.0.113.0/24"], ...parts.settings },
    proxies: { sipproxy0: { public_ip_address: "198.51.100.10", private_ip_address: "10.0.0.1" } },
    recorders: parts.recorders ?? {
      recorder0: { private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" },
      recorder1: { private_ip_address: "10.0.0.4" },
    },
  };
  return JSON.stringify({ ...file, ...omit(parts, "settings", "recorders") });
}

function omit(object: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Reads literal secrets, which all fleets of tests have. */
export const reveal: Reveal = ({ source }) => (source.from === "literal" ? source.value : "");
