import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { macAddress } from "../../src/compute/local/vm.js";
import { localAccelerator } from "../../src/targets/local/do/launch.js";
import { freePort } from "../../src/do/local/ports.js";
import { ensureSshKey } from "../../src/do/local/ssh-key.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { createVm, startVm } from "../../src/do/local/vm.js";
import { removeMachine } from "../../src/do/local/machine.js";
import type { VmRecord } from "../../src/do/local/vm-store.js";
import { bakeImage, writeFleet } from "../support/demo-image.js";

const folder = mkdtempSync(join(tmpdir(), "image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an image without user-data", () => {
  let vm: VmRecord;
  let guest: SshTarget;
  const inGuest = (script: string) =>
    runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: 60_000 });

  beforeAll(async () => {
    const { path } = await bakeImage(writeFleet(folder));
    const key = await ensureSshKey(join(folder, "key"), "test");
    const [mac, hostPort] = [macAddress("image", "bare"), await freePort()];
    guest = { host: "127.0.0.1", port: hostPort, user: "debian", key: key.file };
    const record = await createVm(
      {
        fleet: "image",
        name: "bare",
        base: path,
        memoryMiB: 1024,
        cpus: 1,
        accelerator: await localAccelerator(),
        nics: [{ kind: "user", mac, forwards: [{ protocol: "tcp", hostPort, guestPort: 22 }] }],
        seed: {
          metaData: { instanceId: "i-bare", hostname: "bare", publicKeys: [key.publicKey] },
          userData: "#cloud-config\n{}\n",
          network: [{ mac }],
        },
      },
      join(folder, "state"),
    );
    vm = await startVm(record);
    await waitForSsh(guest, 300_000);
    await waitForCloudInit(guest, 300_000);
  });
  afterAll(() => removeMachine(vm));

  test("boots, and runs no SIP service", async () => {
    const units = "kamailio rtpproxy@1 rtpengine@1 sip-proxy-configure sip-proxy-selftest";
    expect((await inGuest(`systemctl is-active ${units}; true`)).split("\n")).toEqual(
      Array(5).fill("inactive"),
    );
    expect(await inGuest("ss -lntuH | awk '{ print $5 }' | grep -E ':(50[0-9][0-9]|2223|8090)$'; true")).toBe(
      "",
    );
  });

  test("nothing failed at its boot", async () => {
    expect(await inGuest("systemctl --failed --no-legend; true")).toBe("");
  });

  test("has an identity of its own", async () => {
    expect(await inGuest("cat /etc/machine-id")).toMatch(/^[0-9a-f]{32}$/);
    expect(await inGuest("hostname; ls /etc/ssh/ssh_host_*_key | wc -l")).toMatch(/^bare\n[1-9]/);
  });
});
