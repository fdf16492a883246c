import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/do/assets.js";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { withLock } from "../../src/do/local/lock.js";
import { hostPaths } from "../../src/do/local/paths.js";
import { run } from "../../src/do/process.js";
import { demoFleetFile, type DemoChoices } from "../../src/lab/demo/fleet-file.js";

export const rtpproxySource = process.env["RTPPROXY_SOURCE"];
export const mediaRelay = rtpproxySource === undefined ? "rtpengine" : "rtpproxy";

/** The installed command line. */
export const cli = [process.execPath, join(packageRoot, "dist/sip-proxy.js")] as const;

/** The part of `password` that is the same however it is quoted, and that no text of ours has. */
export const secretMark = "q7Tz0kWm";

/** Part of all database passwords in these tests: characters that cause errors without quoting. */
export const password = `it's \\ a ${secretMark}: "$\``;

/** Writes the demonstration's fleet file, with its passwords beside it, to a folder. */
export function writeFleet(folder: string, launch?: NonNullable<DemoChoices["launch"]>): string {
  const file = join(folder, "fleet.yaml");
  const choices = {
    mediaRelay,
    ...(launch === undefined ? {} : { launch }),
    ...(rtpproxySource === undefined ? {} : { rtpproxySource }),
  } as const;
  writeFileSync(file, demoFleetFile(choices));
  writeFileSync(join(folder, "kamailio.password"), password, { mode: 0o600 });
  writeFileSync(join(folder, "postgres.password"), "postgres", { mode: 0o600 });
  return file;
}

/** Bakes the fleet's image unless it exists: tests and `npm start` share it. One process bakes, the others wait. */
export async function bakeImage(
  fleetFile: string,
): Promise<{ path: string; reused: boolean; manifest: Manifest }> {
  const argv = [...cli, "bake", fleetFile, "--target", "local", "--json"] as const;
  const bake = () => run({ argv, timeout: 1_700_000 });
  const { stdout } = await withLock(join(hostPaths().cache, "test-image.lock"), bake, () => undefined);
  return JSON.parse(stdout) as { path: string; reused: boolean; manifest: Manifest };
}

/** Bakes the fleet's image into a separate data folder. `more`: arguments of the command. */
export async function bakeInto(
  data: string,
  fleetFile: string,
  {
    builder = "container",
    more = [],
    env = {},
  }: {
    builder?: "container" | "vm";
    more?: readonly string[];
    env?: Record<string, string>;
  } = {},
): Promise<{ path: string; reused: boolean; manifest: Manifest }> {
  const argv = [
    ...cli,
    "bake",
    fleetFile,
    "--target",
    "local",
    "--builder",
    builder,
    "--json",
    ...more,
  ] as const;
  const { stdout } = await run({ argv, env: { ...env, XDG_DATA_HOME: data }, timeout: 1_700_000 });
  return JSON.parse(stdout) as { path: string; reused: boolean; manifest: Manifest };
}
