import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { instanceRolePolicy } from "../../src/targets/ec2/compute/policy/instance-role.js";
import { eventually } from "../support/eventually.js";
import type { CloudOptions, RecordSet } from "../support/host-cloud/protocol.js";
import { groupFleet, HostLab, instanceId, privateAddress } from "../support/host-lab.js";
import { replaceFile } from "../support/replace-file.js";

const zone = "Z0123456789ABC";
const name = "sip.example.com";
const marker = `_sip-proxy.${name}`;
const owner = "sip-proxy fleet=test group=test-sipproxy region=eu-west-1";
const parts = { group: { hosted_zone_id: zone }, dns: { domain: name, ttl: 30 } };

/** Records of others in the zone. */
const others: RecordSet[] = [
  {
    name: "example.com",
    type: "SOA",
    ttl: 900,
    value: "ns-1.awsdns-1.com. hostmaster.example.com. 1 7200 900 1209600 86400",
  },
  { name: "10.sip.example.com", type: "A", ttl: 60, value: "192.0.2.9" },
  { name, type: "TXT", ttl: 60, value: '"v=spf1 -all"' },
  { name: "zz.example.com", type: "A", ttl: 60, value: "192.0.2.10" },
];

let lab: HostLab;
const said = new Map<number, string[]>();
const agents = new Map<number, ChildProcess>();

afterEach(async () => {
  for (const agent of agents.values()) agent.kill("SIGKILL");
  agents.clear();
  said.clear();
  await lab.stop();
});

const inService = (index: number) => ({
  id: instanceId(index),
  privateAddress: privateAddress(index),
  lifecycle: "InService" as const,
});

async function start(hosts: number, options: Partial<CloudOptions> = {}): Promise<void> {
  const policy = instanceRolePolicy(groupFleet(parts), { region: "eu-west-1", account: "*", kmsKeys: [] });
  const instances = Array.from({ length: hosts }, (_, index) => inService(index));
  lab = await HostLab.start(hosts, { policy, zone, records: others, instances, ...options }, parts);
  for (let index = 0; index < hosts; index++) await lab.root(index);
}

const inRoot = (index: number, path: string) => join(lab.folder, String(index), path);
const publicAddress = (index: number) => `198.51.100.${index + 1}`;

const addresses = (index: number, address: string) =>
  replaceFile(
    inRoot(index, "run/sip-proxy/addresses.env"),
    `PRIVATE_IP=${privateAddress(index)}\nPUBLIC_IP=${address}\n`,
  );

/** Makes a host ready for calls, and starts its agent. */
function ready(index: number): void {
  mkdirSync(inRoot(index, "run/sip-proxy"), { recursive: true });
  mkdirSync(inRoot(index, "var/lib/sip-proxy/lifecycle"), { recursive: true });
  addresses(index, publicAddress(index));
  writeFileSync(inRoot(index, "run/sip-proxy/ready"), "");
  const agent = lab.service(index, ["dns"], { SIP_PROXY_LOOK: "0.2", SIP_PROXY_DNS_PAUSE: "1" });
  const lines = said.get(index) ?? [];
  said.set(index, lines);
  agents.set(index, agent);
  for (const stream of [agent.stdout, agent.stderr])
    if (stream) createInterface({ input: stream }).on("line", (line) => lines.push(line));
}

/** Marks the host as leaving the group. */
const goes = (index: number) => replaceFile(inRoot(index, "var/lib/sip-proxy/lifecycle/going"), "1\n");
const state = (index: number) => {
  const file = inRoot(index, "var/lib/sip-proxy/dns/state");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
};
const records = async () => (await lab.cloud.state()).records;
/** Identifiers of the address records under the name. */
const inDns = async () =>
  (await records())
    .filter((one) => one.name === name && one.type === "A")
    .map(({ identifier }) => identifier)
    .sort();
const become = (check: () => Promise<void> | void) => eventually(async () => check(), 120_000);
const hear = (index: number, line: RegExp) =>
  become(() => expect(said.get(index)).toContainEqual(expect.stringMatching(line)));
const joined = (...indexes: number[]) =>
  become(async () => expect(await inDns()).toEqual(indexes.map(instanceId).sort()));

test("hosts add their addresses under a marker of the group's, page by page, and touch nothing else", async () => {
  await start(3, { recordsPerPage: 1 });
  for (const index of [0, 1, 2]) ready(index);
  await joined(0, 1, 2);
  const now = await records();
  expect(now.filter((one) => others.some(({ value }) => value === one.value))).toHaveLength(others.length);
  expect(now.filter((one) => one.name === marker)).toEqual([
    { name: marker, type: "TXT", ttl: 300, value: `"${owner} turn=0"` },
  ]);
  expect(now.find(({ identifier }) => identifier === instanceId(1))).toEqual({
    name,
    type: "A",
    identifier: instanceId(1),
    ttl: 30,
    value: publicAddress(1),
  });
  await become(() => expect([0, 1, 2].map(state)).toEqual(["joined", "joined", "joined"]));
  const denied = lab.cloud.calls().filter(({ outcome }) => !["200", "InvalidChangeBatch"].includes(outcome));
  expect(denied).toEqual([]);
});

test("a host that goes leaves; the last one stays until another one answers, which also removes what is left of the killed", async () => {
  await start(4);
  for (const index of [0, 1, 2]) ready(index);
  await joined(0, 1, 2);
  // a killed agent sends no request
  agents.get(2)?.kill("SIGKILL");
  await lab.cloud.kill(instanceId(2));
  await joined(0, 1);

  goes(0);
  await joined(1);
  await become(() => expect(state(0)).toMatch(/^left \d+ 30$/));
  await hear(0, /out of DNS: sip\.example\.com; others may remember it for 30 s/);
  goes(1);
  await become(() => expect(state(1)).toBe("kept"));
  expect(await inDns()).toEqual([instanceId(1)]);
  await hear(1, /stays in DNS: no other proxy of the group that answers has a record/);

  ready(3);
  await joined(3);
  await become(() => expect(state(1)).toMatch(/^left /));
});

test("of hosts that leave at once one stays", async () => {
  await start(5);
  const all = [0, 1, 2, 3, 4];
  for (const index of all) ready(index);
  await joined(...all);
  for (const index of all) goes(index);
  await become(() =>
    expect(all.map(state).filter((text) => /^(left \d+ 30|kept)$/.test(text))).toHaveLength(5),
  );
  expect(all.map(state).filter((text) => text === "kept")).toHaveLength(1);
  expect(await inDns()).toHaveLength(1);
});

test("it is the address that the host has now; without one for an operator's drain, and in a warm pool", async () => {
  const warm = { id: instanceId(2), privateAddress: privateAddress(2), target: "Warmed:Running" };
  await start(3, { instances: [...[0, 1].map(inService), warm] });
  for (const index of [0, 1, 2]) ready(index);
  await joined(0, 1);
  await become(() => expect(state(2)).toMatch(/^left \d+ 0$/));
  const drain = inRoot(0, "var/lib/sip-proxy/draining");
  replaceFile(drain, "1\n");
  await joined(1);
  rmSync(drain);
  await joined(0, 1);

  addresses(0, "198.51.100.77");
  await become(async () =>
    expect((await records()).find(({ identifier }) => identifier === instanceId(0))?.value).toBe(
      "198.51.100.77",
    ),
  );
  expect(await inDns()).toEqual([instanceId(0), instanceId(1)]);
});

test("a drain by hand leaves DNS first: the mark of it comes when its address is forgotten, unless it is undone or not waited for", async () => {
  await start(2);
  for (const index of [0, 1]) ready(index);
  await joined(0, 1);
  const drain = async (...words: string[]) => (await lab.script(0, ["drain", ...words])).stdout;
  const isThere = (name: string) => existsSync(inRoot(0, `var/lib/sip-proxy/${name}`));
  const isLeaving = () => [isThere("leaving"), isThere("draining")];
  await become(() => expect(state(0)).toBe("joined"));

  expect(await drain("start")).toContain("removing this host from DNS: sip.example.com");
  expect(isLeaving()).toEqual([true, false]);
  await joined(1);
  expect(await drain("undo")).toContain("accepting calls again");
  expect(isLeaving()).toEqual([false, false]);
  await joined(0, 1);
  // not "left 0", with which the next drain would not wait
  expect(state(0)).toMatch(/^join(ing|ed)$/);

  expect(await drain("start")).toContain("removing this host from DNS");
  expect(await drain("now")).toContain("draining: new calls get 503");
  expect(isLeaving()).toEqual([false, true]);
  await drain("undo");
  await joined(0, 1);
  await become(() => expect(state(0)).toBe("joined"));

  const began = Date.now();
  const agent = lab.service(0, ["lifecycle"], { SIP_PROXY_LOOK: "0.2" });
  agents.set(2, agent);
  await drain("start");
  await become(() => expect(isLeaving()).toEqual([false, true]));
  expect(Date.now() - began).toBeGreaterThan(28_000);
  expect(await inDns()).toEqual([instanceId(1)]);
}, 240_000);

describe("what is not the group's", () => {
  const cases: [string, RecordSet[], RegExp][] = [
    [
      "a record without a marker",
      [{ name, type: "A", ttl: 60, value: "192.0.2.1" }],
      /FAILED: DNS is left alone: sip\.example\.com has records, and no _sip-proxy\.sip\.example\.com that says/,
    ],
    [
      "another group's marker",
      [
        {
          name: marker,
          type: "TXT",
          ttl: 60,
          value: '"sip-proxy fleet=other group=other-g region=eu-west-1 turn=3"',
        },
      ],
      /FAILED: DNS is left alone: sip\.example\.com belongs to another owner: .*fleet=other/,
    ],
  ];
  test.each(cases)("is left alone: %s", async (_, theirs, message) => {
    const before = [...others, ...theirs];
    await start(1, { records: before });
    ready(0);
    await hear(0, message);
    expect(await records()).toEqual(before);
    expect(lab.cloud.calls("ChangeResourceRecordSets")).toEqual([]);
  });

  test("is left alone beside its own", async () => {
    const theirs: RecordSet[] = [
      { name, type: "A", identifier: "by hand", ttl: 60, value: "192.0.2.1" },
      { name: marker, type: "TXT", ttl: 300, value: `"${owner} turn=7"` },
    ];
    await start(2, { records: [...others, ...theirs] });
    ready(0);
    ready(1);
    await become(async () => expect(await inDns()).toEqual(["by hand", instanceId(0), instanceId(1)]));
    goes(0);
    await become(async () => expect(await inDns()).toEqual(["by hand", instanceId(1)]));
    // the agent does not know whether this address answers, so it does not count it
    goes(1);
    await become(() => expect(state(1)).toBe("kept"));
  });
});

test("a role without the permission is told, and the host goes on without", async () => {
  await start(2, { policy: { Version: "2012-10-17", Statement: [] } });
  ready(0);
  await hear(0, /DNS cannot be kept: ListResourceRecordSets: AccessDenied/);
  goes(0);
  await become(() => expect(state(0)).toBe("failed"));
});

test("a host whose user-data names no zone has nothing to do", async () => {
  await start(1);
  writeFileSync(inRoot(0, "etc/sip-proxy/host.env"), "KIND=group\nGROUP=g\n");
  const { exitCode, stdout } = await lab.script(0, ["dns"]);
  expect([exitCode, stdout]).toEqual([0, ""]);
});
