import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { identify } from "../../../src/do/local/process-identity.js";
import { saveVm, vmFolder, type VmRecord } from "../../../src/do/local/vm-store.js";
import { refuseTakenAddresses } from "../../../src/targets/local/do/addresses.js";
import { sshToLocal } from "../../../src/targets/local/do/launch.js";
import { fleetOf } from "../../support/fleets.js";

// Local hosts whose addresses have changed in the fleet file since their launch.

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "addresses-"));
  vi.stubEnv("XDG_STATE_HOME", state);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(state, { recursive: true });
});

/** Creates the record of a running host, with this process as its QEMU. */
async function launched(name: string, address?: string) {
  const folder = vmFolder("test", name);
  const machine = { name, pidfile: join(folder, "pid") };
  const process_ = identify(process.pid);
  const at = address === undefined ? {} : { address };
  await saveVm(folder, { fleet: "test", machine, base: "/image", process: process_, ...at } as VmRecord);
}

/** A fleet with hosts by the last number of their addresses. */
const fleet = (last: Record<string, number>) =>
  fleetOf({
    proxies: Object.fromEntries(
      Object.entries(last).map(([name, n]) => [
        name,
        { public_ip_address: `198.51.100.${n}`, private_ip_address: `10.0.0.${n}` },
      ]),
    ),
  });
const refused = (last: Record<string, number>) => refuseTakenAddresses("test", fleet(last).hosts);

test("a host is reached where it was launched: a roll drains it there", async () => {
  const changed = fleet({ a: 11 });
  const [host] = changed.hosts;
  if (host === undefined) throw new Error("no host");
  await launched("a", "10.0.0.10");
  expect(await sshToLocal(changed, host)).toMatchObject({ host: "10.0.0.10" });
  // a record of an earlier release has no address
  await launched("a");
  expect(await sshToLocal(changed, host)).toMatchObject({ host: "10.0.0.11" });
});

describe("an address that another host runs at", () => {
  beforeEach(async () => {
    await launched("a", "10.0.0.10");
    await launched("b", "10.0.0.11");
  });

  test("is refused, with the way out", async () => {
    const hint = expect.stringContaining("fleet roll FLEET b") as string;
    const message = "a has 10.0.0.11 in the fleet file, but b is running at that address";
    await expect(refused({ a: 11, b: 12 })).rejects.toMatchObject({ message, hint });
    await expect(refused({ a: 11, b: 10 })).rejects.toThrow(message);
  });

  test("is free when that one has moved before", () =>
    expect(refused({ b: 12, a: 11 })).resolves.toBeUndefined());

  test("is nobody's but its own", () => expect(refused({ a: 10, b: 11, c: 13 })).resolves.toBeUndefined());
});
