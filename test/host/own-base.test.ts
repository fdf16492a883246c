import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ImageLock } from "../../src/compute/image/lock.js";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { fileDigest } from "../../src/do/local/content-digest.js";
import { runInGuest } from "../../src/do/local/ssh.js";
import { WITH_SBIN } from "../../src/do/local/tools.js";
import { attempt, run } from "../../src/do/process.js";
import { demo } from "../../src/lab/demo/addresses.js";
import { placeCalls } from "../../src/lab/demo/calls.js";
import { DemoWorld } from "../../src/lab/demo/world.js";
import { cloudImage, makeCloudImage } from "../support/cloud-image.js";
import { demoGuest } from "../support/demo-guest.js";
import { cli, mediaRelay, writeFleet } from "../support/demo-image.js";

// A bake whose base is a user's own cloud image, fetched from a server; a host of the new image, and calls through the host.

const folder = mkdtempSync(join(tmpdir(), "own-base-"));
const env = { XDG_STATE_HOME: join(folder, "state"), XDG_DATA_HOME: folder, NO_COLOR: "1" };
const [host] = Object.keys(demo.proxies) as [keyof typeof demo.proxies];

let world: DemoWorld;
let server: Server;
let fleetFile: string;
let sha256: string;
let baked: { path: string; manifest: Manifest };

beforeAll(async () => {
  world = await DemoWorld.start("postgres");
  const image = await makeCloudImage(join(folder, "base"), { whole: true });
  sha256 = await fileDigest(image);
  server = createServer((_, response) => void createReadStream(image).pipe(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest/genericcloud.qcow2`;
  fleetFile = writeFleet(folder, {
    netns: world.network.namespace("lan"),
    bridge: "lan",
    engine: "container",
  });
  const fleet = readFileSync(fleetFile, "utf8");
  writeFileSync(
    fleetFile,
    fleet.replace(
      "base: debian-13",
      `base: { url: "${url}", sha256: ${sha256} }\n  unattended_upgrades: true`,
    ),
  );
});

afterAll(async () => {
  await attempt({ argv: [...cli, "terminate", fleetFile, host, "--target", "local", "--now"], env });
  server.close();
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("it is baked in a container; the lock file names it, and archives that others can ask", async () => {
  const words = ["bake", fleetFile, "--target", "local", "--builder", "container", "--json"];
  const { stdout } = await run({ argv: [...cli, ...words], env, timeout: 1_700_000 });
  baked = JSON.parse(stdout) as typeof baked;
  const base = { name: "genericcloud.qcow2", id: `sha256-${sha256}` };
  expect(baked.manifest).toMatchObject({ builder: "container", base });
  const lock = JSON.parse(readFileSync(join(dirname(baked.path), "image.lock"), "utf8")) as ImageLock;
  expect(lock.base).toEqual(base);
  expect(Object.keys(lock.archives)).toContainEqual(expect.stringMatching(/^http\S+\/debian trixie$/));
  expect(Object.keys(lock.archives).join()).not.toContain("mirror+file");
});

test("the disk is the base's, grown: partitions, what the boot loader finds the system by, what else is on it", async () => {
  const raw = join(folder, "disk.raw");
  await run({ argv: ["qemu-img", "convert", "-O", "raw", baked.path, raw] });
  const { stdout: partitions } = await run({
    argv: ["partx", "-g", "-b", "-o", "NR,START,SECTORS,UUID", raw],
  });
  const [root = [], ...others] = partitions.split("\n").map((line) => line.trim().split(/\s+/));
  expect(root).toEqual(["1", String(cloudImage.rootStart), expect.anything(), cloudImage.partition]);
  expect(Number(root[2]) * 512).toBeGreaterThan(3.8 * 2 ** 30);
  expect(others.map(([number]) => number)).toEqual(["14", "15"]);
  const filesystem = `${raw}?offset=${cloudImage.rootStart * 512}`;
  const { stdout } = await run({ argv: ["dumpe2fs", "-h", filesystem], env: WITH_SBIN });
  expect(stdout).toContain(cloudImage.filesystem);
  const skip = ["bs=512", `skip=${cloudImage.efi.start}`, "count=1"];
  expect((await run({ argv: ["dd", `if=${raw}`, ...skip] })).stdout).toContain(cloudImage.efi.mark);
  rmSync(raw);
});

test("a host of it is ready, and takes calls", async () => {
  await run({ argv: world.network.inNamespace("database", [...cli, "db", "init", fleetFile]), env });
  await run({ argv: [...cli, "launch", fleetFile, host, "--target", "local"], env, timeout: 900_000 });
  const { legs } = await placeCalls(world, () => undefined, [host]);
  expect(legs.flatMap(({ faults }) => faults)).toEqual([]);
});

test("it upgrades itself by night, but for what has calls", async () => {
  const guest = demoGuest(world, env.XDG_STATE_HOME, host);
  const input =
    "systemctl is-active apt-daily-upgrade.timer; sudo unattended-upgrade --dry-run --verbose 2>&1; apt-config shell restart Unattended-Upgrade::Automatic-Reboot";
  const said = await runInGuest(guest, { argv: ["bash", "-s"], input, timeout: 120_000 });
  expect(said).toMatch(/^active$/m);
  expect(said).toMatch(
    /^Allowed origins are: origin=Debian,codename=trixie-security,label=Debian-Security$/m,
  );
  expect(said).toMatch(
    mediaRelay === "rtpproxy" ? /^Initial blacklist: \^kamailio$/m : /\^kamailio \^rtpengine$/m,
  );
  expect(said).toMatch(/^restart='false'$/m);
});
