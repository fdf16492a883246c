import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refuseMissingBridge } from "../../../src/do/local/bridge.js";
import { listVms } from "../../../src/do/local/vm-store.js";
import { LocalHosts, launchLocal } from "../../../src/targets/local/do/launch.js";
import { fleetOf } from "../../support/fleets.js";

/** A stand-in for `ip`: there is a bridge br-sip in each namespace but "gone", and "locked" cannot be entered. No device can be made. */
const ip = `#!/bin/sh
case "$*" in
  "-n gone"*) echo 'Cannot open network namespace "gone": No such file or directory' >&2; exit 255 ;;
  "-n locked"*) echo 'setting the network namespace "locked" failed: Operation not permitted' >&2; exit 255 ;;
  *"link show type bridge") echo '[{},{"ifname":"br-sip"}]' ;;
  *) echo "RTNETLINK answers: Operation not permitted" >&2; exit 2 ;;
esac
`;
const keygen = `#!/bin/sh
for file; do :; done
echo "ssh-ed25519 A" > "$file.pub"
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
  const programs = { ip, "ssh-keygen": keygen, "qemu-img": "#!/bin/sh\n", xorriso: "#!/bin/sh\n" };
  for (const [name, text] of Object.entries(programs))
    await writeFile(join(folder, name), text, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const noBridge = {
  message: "launch.local.bridge: there is no bridge br-x on this machine",
  hint: "to create it: ip link add br-x type bridge; ip addr add 10.0.0.254/24 dev br-x; ip link set br-x up",
};

describe("the bridge of local hosts", () => {
  const refuse = (bridge: string, netns?: string) =>
    refuseMissingBridge({ bridge, ...(netns && { netns }) }, "10.0.0.254/24");

  it("is found, here or in a network namespace", async () => {
    await refuse("br-sip");
    await refuse("br-sip", "lan");
  });

  it("that is missing is named with the commands that create it", async () => {
    await expect(refuse("br-x")).rejects.toMatchObject(noBridge);
    await expect(refuse("br-x", "lan")).rejects.toMatchObject({
      message: "launch.local.bridge: there is no bridge br-x in the network namespace lan",
      hint: expect.stringMatching(/^to create it: ip -n lan link add br-x type bridge; ip -n lan /) as string,
    });
    await expect(refuse("br-sip", "gone")).rejects.toMatchObject({
      message: "launch.local.netns: there is no network namespace gone on this machine",
      hint: expect.stringContaining("ip netns add gone; ip -n gone link add br-sip type bridge") as string,
    });
  });

  it("is not reported as missing in a namespace that may not be entered", async () => {
    await refuse("br-sip", "locked");
  });
});

describe("a launch", () => {
  const fleetWith = (bridge: string) => fleetOf({ launch: { local: { bridge, gateway: "10.0.0.254" } } });
  const userData = gzipSync("");

  it.each([true, false])("without its bridge makes nothing, and fails; dry run: %s", async (dryRun) => {
    const fleet = fleetWith("br-x");
    const hosts = new LocalHosts(fleet, () => Promise.resolve(join(folder, "ip")), dryRun);
    const [host] = fleet.hosts;
    if (!host) throw new Error("no host");
    await expect(hosts.launch({ host, userData })).rejects.toMatchObject(noBridge);
    await expect(hosts.rolling.prepare([{ host, userData }])).rejects.toMatchObject(noBridge);
    expect(await listVms({})).toEqual([]);
  });

  it("that cannot connect a new host leaves nothing behind", async () => {
    const fleet = fleetWith("br-sip");
    const [host] = fleet.hosts;
    if (!host) throw new Error("no host");
    const launched = launchLocal(fleet, host, { image: "/image", runner: "tcg", userData });
    await expect(launched).rejects.toThrow(/tuntap add[^]*Operation not permitted/);
    expect(await listVms({})).toEqual([]);
  });
});
