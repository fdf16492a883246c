import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { attempt } from "../../src/do/process.js";
import { newRoot } from "../support/host-root.js";

// `auto` on clouds with another metadata service than EC2's: cloud-init's instance data, and interfaces in a network namespace.

const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
const folder = mkdtempSync(join(tmpdir(), "elsewhere-"));
afterAll(() => rmSync(folder, { recursive: true }));

const card = (name: string, address: string) =>
  `ip link add ${name} type veth peer name peer-${name}; ip link set peer-${name} up; ip addr add ${address}/24 dev ${name}; ip link set ${name} up`;
const [eth0, eth1] = [card("eth0", "10.1.0.7"), card("eth1", "192.0.2.9")];

/** Runs a program of the host in a namespace with these interfaces. */
function run(root: string, setup: string, program: string, ...words: string[]) {
  const script = `ip link set lo up; ${setup}; exec "$0" "$@"`;
  const env = { SIP_PROXY_ROOT: root, SIP_PROXY_LIB: lib, SIP_PROXY_USER: "", SIP_PROXY_WAIT: "1" };
  const argv = ["unshare", "--net", "sh", "-ec", script, join(lib, program), ...words] as const;
  return attempt({ argv, env, timeout: 120_000 });
}

function instanceData(root: string, cloud: string, ds: object): void {
  mkdirSync(join(root, "run/cloud-init"), { recursive: true });
  const data = { v1: { cloud_name: cloud, cloud_id: cloud }, ds };
  writeFileSync(join(root, "run/cloud-init/instance-data.json"), JSON.stringify(data));
}

async function ask(name: string, setup: string, cloud: string, ds: object): Promise<string> {
  const root = mkdtempSync(join(folder, "root-"));
  instanceData(root, cloud, ds);
  const { exitCode, stdout, stderr } = await run(root, setup, "instance-address", name);
  return `${exitCode} ${stdout}${stderr}`.trim();
}

/** Instance data in the form of Azure's metadata service (2021-08-01). */
const azure = {
  meta_data: {
    imds: {
      compute: { location: "westeurope" },
      network: {
        interface: [
          {
            ipv4: {
              ipAddress: [{ privateIpAddress: "10.1.0.7", publicIpAddress: "203.0.113.5" }],
              subnet: [{ address: "10.1.0.0", prefix: "24" }],
            },
            macAddress: "0022481A2B3C",
          },
        ],
      },
    },
  },
};

describe("the private address", () => {
  test.each([
    ["the only one", eth0, "nocloud", {}, "0 10.1.0.7"],
    [
      "that of the default route",
      `${eth0}; ${eth1}; ip route add default via 10.1.0.1`,
      "nocloud",
      {},
      "0 10.1.0.7",
    ],
    [
      "one that the cloud has told",
      `${eth1}; ${eth0}`,
      "openstack",
      { ec2_metadata: { "local-ipv4": "10.1.0.7" } },
      "0 10.1.0.7",
    ],
    [
      "not one that no interface has (any more)",
      eth0,
      "openstack",
      { ec2_metadata: { "local-ipv4": "10.1.0.99" } },
      "0 10.1.0.7",
    ],
    ["Azure's", `${eth1}; ${eth0}`, "azure", azure, "0 10.1.0.7"],
    ["of none", ":", "nocloud", {}, "5 no interface has an IPv4 address"],
    [
      "of several, nobody knows",
      `${eth0}; ${eth1}`,
      "nocloud",
      {},
      expect.stringMatching(
        /^5 the interfaces have 10\.1\.0\.7, 192\.0\.2\.9, .*: set private_ip_address$/,
      ) as string,
    ],
  ])("is %s", async (_, setup, cloud, ds, told) => {
    expect(await ask("local-ipv4", setup, cloud, ds)).toEqual(told);
  });
});

describe("the public address", () => {
  test.each([
    [
      "OpenStack's floating one",
      eth0,
      "openstack",
      { ec2_metadata: { "public-ipv4": "203.0.113.5" } },
      "0 203.0.113.5",
    ],
    [
      "what its service says",
      eth0,
      "openstack",
      { "ec2-metadata": { "public-ipv4": "203.0.113.5" } },
      "0 203.0.113.5",
    ],
    ["Azure's", eth0, "azure", azure, "0 203.0.113.5"],
    ["the interface's, which is public", card("eth0", "9.9.9.9"), "nocloud", {}, "0 9.9.9.9"],
    [
      "not known else",
      eth0,
      "openstack",
      { ec2_metadata: { "public-ipv4": "" } },
      "5 the instance data of openstack contain no public address: set public_ip_address",
    ],
    [
      "not what is no address",
      eth0,
      "nocloud",
      { meta_data: { "public-ipv4": "1.2.3.4; reboot" } },
      "5 the instance data of nocloud contain no public address: set public_ip_address",
    ],
  ])("is %s", async (_, setup, cloud, ds, told) => {
    expect(await ask("public-ipv4", setup, cloud, ds)).toBe(told);
  });

  test("of EC2 is its own service's alone, and of a machine without instance data nobody's", async () => {
    expect(await ask("public-ipv4", eth0, "aws", { meta_data: { "public-ipv4": "203.0.113.5" } })).toBe("1");
    expect(
      (await run(mkdtempSync(join(folder, "root-")), eth0, "instance-address", "local-ipv4")).exitCode,
    ).toBe(1);
  });
});

describe("configure", () => {
  const auto = { proxies: { a: { public_ip_address: "auto", private_ip_address: "auto" } } };

  test("takes them for auto", async () => {
    const root = await newRoot(join(folder, "host"), auto);
    instanceData(root, "openstack", { ec2_metadata: { "public-ipv4": "203.0.113.5" } });
    const { exitCode, stdout } = await run(root, eth0, "configure");
    expect(stdout).toContain("configured: private 10.1.0.7, public 203.0.113.5");
    expect(exitCode).toBe(0);
  });

  test("says what is to be set, where an address is not known", async () => {
    const root = await newRoot(join(folder, "unknown"), auto);
    instanceData(root, "nocloud", {});
    const { exitCode, stdout, stderr } = await run(root, eth0, "configure");
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain(
      "the instance data of nocloud contain no public address: set public_ip_address",
    );
  });

  test("waits for EC2's service where the cloud is EC2, or not known", async () => {
    for (const cloud of ["aws", undefined]) {
      const root = await newRoot(join(folder, String(cloud)), auto);
      if (cloud !== undefined) instanceData(root, cloud, { meta_data: { "public-ipv4": "203.0.113.5" } });
      const { exitCode, stdout, stderr } = await run(root, eth0, "configure");
      expect(exitCode).toBe(1);
      expect(stdout + stderr).toContain("the metadata service (IMDSv2) does not answer");
    }
  });
});
