import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderHost } from "../../src/commands/render-host.js";
import { imageSources, packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import { fleetOf, reveal } from "./fleets.js";

/** A host's root in a folder, with the files of an image and of its user-data. */
export async function newRoot(folder: string, parts: Parameters<typeof fleetOf>[0]): Promise<string> {
  const fleet = fleetOf(parts);
  const [host] = fleet.hosts;
  if (!host) throw new Error("no host");
  const { files } = renderHost(fleet, host, reveal);
  await writeFiles(folder, [...imageSources().rootfs, ...files]);
  return folder;
}

/** Seconds for a step that must succeed, even on a busy machine. For one that must fail, two are enough. */
export const patient = { wait: 60 };

export interface ScriptOptions {
  wait?: number;
  onLine?: (line: string) => void;
  args?: string[];
  env?: Record<string, string>;
  /** Timeout in milliseconds. */
  timeout?: number;
}

/** Runs one of the host's scripts, or (by path) one that is sent to hosts, to its end, with a folder as its root. */
export function script(
  root: string,
  name: string,
  { wait = 2, onLine, args = [], timeout = 120_000, ...more }: ScriptOptions = {},
) {
  const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const env = {
    SIP_PROXY_ROOT: root,
    SIP_PROXY_LIB: lib,
    SIP_PROXY_USER: "",
    SIP_PROXY_WAIT: String(wait),
    ...more.env,
  };
  return attempt({ argv: [resolve(lib, name), ...args], env, ...(onLine && { onLine }), timeout });
}

/** Runs the first steps of a boot; fails with their messages. */
export async function boot(root: string): Promise<void> {
  for (const step of ["configure", "database"]) {
    const { exitCode, stdout, stderr } = await script(root, step, patient);
    if (exitCode !== 0) throw new Error(`${step}: ${stdout}${stderr}`);
  }
}

/** The last good list. */
export const listPath = (root: string) => join(root, "var/lib/sip-proxy/dispatcher.list");

/** The lines that Kamailio reads: all except comments. */
export const listOf = (root: string) =>
  readFileSync(listPath(root), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

/** The options for the start of the service. */
export const kamailioOptions = (root: string) =>
  readFileSync(join(root, "run/sip-proxy/kamailio.env"), "utf8");
