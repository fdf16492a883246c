import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { HostLab, instanceId, privateAddress } from "../support/host-lab.js";

const pool = "proxies";
const tag = "sip-proxy:elastic-ip-pool";
const addresses = (count: number, value = pool) =>
  Array.from({ length: count }, (_, index) => ({
    allocationId: `eipalloc-${value}${index}`,
    publicIp: `198.51.100.${index + 1}`,
    tags: { [tag]: value },
  }));

let lab: HostLab;
afterEach(() => lab.stop());

async function start(hosts: number, options: Parameters<typeof HostLab.start>[1]): Promise<void> {
  lab = await HostLab.start(hosts, options, { group: { elastic_ip_pool: pool } });
  for (let index = 0; index < hosts; index++) await lab.root(index);
}

const claim = (index: number) => lab.script(index, ["elastic-ip"]);
/** Repeats the claim until it succeeds, like `configure`: on a busy machine, the shared metadata service may be late. */
async function claimAsBoot(index: number): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    const { exitCode, stdout } = await claim(index);
    if (exitCode === 0) return;
    expect(stdout).toMatch(/metadata service/);
    if (Date.now() > end) throw new Error(`host ${index}: ${stdout}`);
  }
}

const holders = async () => Object.values((await lab.cloud.state()).addresses).filter(Boolean);

test("twenty hosts at once take twenty addresses: each has one, no two have the same", async () => {
  await start(20, { addresses: addresses(20) });
  await Promise.all(Array.from({ length: 20 }, (_, index) => claimAsBoot(index)));
  expect(new Set(await holders()).size).toBe(20);
  const lost = lab.cloud
    .calls("AssociateAddress")
    .filter(({ outcome }) => outcome === "Resource.AlreadyAssociated");
  expect(lost.length).toBeGreaterThan(0);
});

test("more hosts than addresses: the others say that none is free", async () => {
  await start(4, { addresses: addresses(2) });
  const outcomes = await Promise.all([0, 1, 2, 3].map(claim));
  expect(outcomes.map(({ exitCode }) => exitCode).sort()).toEqual([0, 0, 1, 1]);
  for (const { stdout } of outcomes.filter(({ exitCode }) => exitCode === 1))
    expect(stdout).toMatch(/no address: none of the 2 addresses of the pool proxies is free/);
  expect(new Set(await holders()).size).toBe(2);
});

describe("one host", () => {
  test("keeps its address over boots, and asks for no other", async () => {
    await start(1, { addresses: addresses(3) });
    expect((await claim(0)).exitCode).toBe(0);
    const before = await lab.cloud.state();
    rmSync(join(lab.folder, "0/run"), { recursive: true });
    expect((await claim(0)).stdout).toMatch(/has the Elastic IP 198\.51\.100\.\d of the pool proxies/);
    expect(await lab.cloud.state()).toMatchObject({ addresses: before.addresses });
    expect(lab.cloud.calls("AssociateAddress")).toHaveLength(1);
  });

  test("whose answer is lost has one address, not two", async () => {
    await start(1, { addresses: addresses(3) });
    await lab.cloud.inject({ action: "AssociateAddress", kind: "lost", times: 1 });
    expect((await claim(0)).exitCode).toBe(0);
    expect(await holders()).toEqual([instanceId(0)]);
  });

  test("takes none of another pool's", async () => {
    await start(1, { addresses: addresses(2, "others") });
    const { exitCode, stdout } = await claim(0);
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/none of the 0 addresses of the pool proxies is free/),
    ]);
  });

  test("is not content before the metadata service shows the address", async () => {
    await start(1, {
      addresses: addresses(1),
      publicAddressDelay: 3000,
      instances: [{ id: instanceId(0), privateAddress: privateAddress(0), publicAddress: "192.0.2.200" }],
    });
    const began = Date.now();
    expect((await claim(0)).stdout).toMatch(/has the Elastic IP 198.51.100.1 /);
    expect(Date.now() - began).toBeGreaterThan(3000);
  });

  test.each([
    ["denied", /no address: DescribeAddresses: UnauthorizedOperation/],
    ["throttle", /no address: DescribeAddresses: RequestLimitExceeded/],
  ] as const)("says why when the call is met with %s", async (kind, message) => {
    await start(1, { addresses: addresses(1) });
    await lab.cloud.inject({ action: "DescribeAddresses", kind });
    expect((await claim(0)).stdout).toMatch(message);
    expect(readFileSync(join(lab.folder, "0/etc/sip-proxy/host.env"), "utf8")).toContain(
      "ELASTIC_IP_POOL=proxies",
    );
  });
});
