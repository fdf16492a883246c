import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../cloud/cli.js";

/** For fleet files; tests remove it. */
export const folder = mkdtempSync(join(tmpdir(), "targets-"));

export const run = (...argv: string[]) => runCli(argv);

export function proxies(count: number): object {
  const named = Array.from({ length: count }, (_, number) => [
    `sipproxy${number}`,
    { public_ip_address: `198.51.100.${10 + number}`, private_ip_address: `10.0.0.${10 + number}` },
  ]);
  return Object.fromEntries(named) as object;
}

/** Writes the file of a fleet on a shelf, and returns its path. `parts`: sections in place of the usual ones. */
export function fleetFile({
  dbpass_kam = "${ssm:/kam}",
  ...parts
}: { dbpass_kam?: string; [section: string]: unknown } = {}) {
  const path = join(folder, "fleet.yaml");
  const fleet = {
    fleet: "test",
    image: { targets: { shelf: { width: 4 } } },
    database: { dbhost: "database.example.com", dbpass_kam },
    settings: { trusted: ["203.0.113.0/24"] },
    recorders: { recorder0: { private_ip_address: "10.0.0.3" } },
    proxies: proxies(1),
    launch: { shelf: { room: "r12" } },
    ...parts,
  };
  writeFileSync(path, JSON.stringify(fleet));
  return path;
}
