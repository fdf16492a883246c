import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { GroupLab, labFleet, privateAddress, publicAddress } from "../support/group-lab.js";
import { instanceId } from "../support/host-lab.js";
import { zoneWith } from "../support/zone.js";

// A real host, and a record in DNS of an instance that the group reports as in service.

let lab: GroupLab;
afterEach(() => lab?.stop());

async function inDns(): Promise<string[]> {
  const { records } = await lab.cloud.state();
  return records.flatMap(({ identifier = [] }) => identifier).sort();
}

async function ready(ttl: number): Promise<void> {
  const fleet = labFleet({
    dns: { domain: "sip.example.com", ttl },
    group: { hosted_zone_id: "Z0123456789ABC" },
  });
  const instances = [
    { id: instanceId(0), privateAddress: privateAddress(0), publicAddress: publicAddress(0) },
    { id: instanceId(1), privateAddress: privateAddress(1), lifecycle: "InService" as const },
  ];
  lab = await GroupLab.start(1, { instances, ...zoneWith(instanceId(1)) }, fleet);
  await lab.bringUp(0, fleet);
  await eventually(async () => expect(await inDns()).toEqual([instanceId(0), instanceId(1)]), 120_000);
}

const host = () => {
  const found = lab.hosts.get(0);
  if (!found) throw new Error("no host");
  return found;
};
const statuses = async () =>
  (await lab.calls(0, { holdMs: 100, rtp: { rate: 0 } })).calls.map(({ finalStatus }) => finalStatus);

test("a host that is to end leaves DNS first, takes calls while its address may be remembered, and drains then", async () => {
  // long enough for a call on a busy machine
  const ttl = 30;
  await ready(ttl);
  await lab.cloud.terminate(instanceId(0));
  await host().until(/removing this host from DNS: sip\.example\.com/);
  await host().until(/out of DNS: sip\.example\.com/);
  const out = Date.now();
  expect(await inDns()).toEqual([instanceId(1)]);
  expect(await statuses()).toEqual([200]);
  await host().until(/draining: the group terminates this instance/);
  expect((Date.now() - out) / 1000).toBeGreaterThan(ttl - 3);
  await lab.cloud.untilCompleted(instanceId(0), "sip-proxy-terminate");
  expect(await inDns()).toEqual([instanceId(1)]);
});

test("a host that an operator drains leaves DNS first, takes calls while its address may be remembered, and drains then", async () => {
  const ttl = 30;
  await ready(ttl);
  expect((await host().run("sip-proxy-drain", "start")).stdout).toContain(
    "removing this host from DNS: sip.example.com",
  );
  await host().until(/out of DNS: sip\.example\.com/);
  const out = Date.now();
  expect(await inDns()).toEqual([instanceId(1)]);
  expect(await statuses()).toEqual([200]);
  await host().until(/draining: new calls get 503/);
  expect((Date.now() - out) / 1000).toBeGreaterThan(ttl - 3);
  expect(await statuses()).toEqual([503]);
  expect((await host().run("sip-proxy-drain", "wait")).stdout).toContain("drained: no calls are left");
  expect(await lab.lifecycle()).toBe("InService");
  await host().run("sip-proxy-drain", "undo");
  await eventually(async () => expect(await inDns()).toEqual([instanceId(0), instanceId(1)]), 120_000);
  expect(await statuses()).toEqual([200]);
});

test("a spot instance leaves DNS too, and drains at once", async () => {
  await ready(300);
  await lab.cloud.interrupt(instanceId(0));
  await host().until(/draining: EC2 interrupts this spot instance/);
  await host().until(/out of DNS: sip\.example\.com/);
  await host().until(/drained after \d+ s: no calls are left/);
});
