import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { fileDigest } from "../../src/do/local/content-digest.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { attempt, run } from "../../src/do/process.js";
import { demo } from "../../src/lab/demo/addresses.js";
import { firstCall } from "../../src/lab/demo/calls.js";
import { DemoWorld } from "../../src/lab/demo/world.js";
import { cloudImage, makeCloudImage } from "../support/cloud-image.js";
import { demoGuest } from "../support/demo-guest.js";
import { bakeInto, cli, writeFleet } from "../support/demo-image.js";
import { eventually } from "../support/eventually.js";
import { pathOfQemuWith } from "../support/qemu-with.js";
import { prepare } from "../support/set-up.js";

// A user's own cloud image as the base of a bake, and a host of the new image on a machine that has only UEFI.

const folder = mkdtempSync(join(tmpdir(), "uefi-"));
const env = { XDG_STATE_HOME: join(folder, "state"), XDG_DATA_HOME: join(folder, "data"), NO_COLOR: "1" };
const [host] = Object.keys(demo.proxies) as [keyof typeof demo.proxies];
const minutes = 60_000;
/** SIP_PROXY_TEST_BUILDER=vm bakes in a VM, with BIOS, which takes longer. */
const builder = process.env["SIP_PROXY_TEST_BUILDER"] === "vm" ? "vm" : "container";
const firmware = "/usr/share/OVMF";

let world: DemoWorld;
let base: string;
let fleetFile: string;
let baked: { path: string; manifest: Manifest };

beforeAll(async () => {
  await prepare("bake", "network", "database", "uefi");
  world = await DemoWorld.start("postgres");
  base = await makeCloudImage(join(folder, "base"), { whole: true, efi: true });
  fleetFile = writeFleet(folder, { netns: world.network.namespace("lan"), bridge: "lan", engine: "vm" });
  const fleet = readFileSync(fleetFile, "utf8");
  writeFileSync(fleetFile, fleet.replace("base: debian-13", `base: { path: base/${basename(base)} }`));
  baked = await bakeInto(env.XDG_DATA_HOME, fleetFile, { builder });
});

afterAll(async () => {
  await attempt({ argv: [...cli, "terminate", fleetFile, host, "--target", "local", "--now"], env });
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

test(`it is baked in a ${builder} of the base`, async () => {
  const id = `sha256-${await fileDigest(base)}`;
  expect(baked.manifest).toMatchObject({ builder, base: { name: basename(base), id } });
});

test("a host of it is ready, and takes a call", async () => {
  const variables = join(folder, "variables.fd");
  copyFileSync(`${firmware}/OVMF_VARS_4M.fd`, variables);
  const PATH = await pathOfQemuWith(join(folder, "bin"), [
    ...["-drive", `if=pflash,format=raw,readonly=on,file=${firmware}/OVMF_CODE_4M.fd`],
    ...["-drive", `if=pflash,format=raw,file=${variables}`],
  ]);
  await run({ argv: world.network.inNamespace("database", [...cli, "db", "init", fleetFile]), env });
  const argv = [...cli, "launch", fleetFile, host, "--target", "local", "--timeout", "1700"] as const;
  await run({ argv, env: { ...env, PATH }, timeout: 30 * minutes });
  // an emulated machine on a busy one may be late for the first
  await eventually(async () => {
    expect(await firstCall(world, demo.proxies[host].public_ip_address)).toBe(true);
  }, 5 * minutes);
});

test("it was booted by UEFI, from the base's filesystem, which has grown; nothing has failed", async () => {
  const guest = demoGuest(world, env.XDG_STATE_HOME, host);
  await waitForSsh(guest, 10 * minutes);
  expect(await waitForCloudInit(guest, 10 * minutes)).toEqual({ outcome: "done", problems: [] });
  const input = `test -d /sys/firmware/efi && echo UEFI
    findmnt -no UUID /
    uname -r
    df --output=size -BM / | tail -n 1
    systemctl --failed --no-legend`;
  const said = await runInGuest(guest, { argv: ["bash", "-s"], input, timeout: 2 * minutes });
  const [how, filesystem, kernel, size, ...failed] = said.split("\n").map((line) => line.trim());
  expect({ how, filesystem, kernel, failed }).toEqual({
    how: "UEFI",
    filesystem: cloudImage.filesystem,
    kernel: baked.manifest.contents.kernel,
    failed: [],
  });
  expect(Number.parseInt(size ?? "")).toBeGreaterThan(3000);
});
