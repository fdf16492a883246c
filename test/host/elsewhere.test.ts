import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTAINER_NIC, type Container } from "../../src/compute/local/container.js";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { packageRoot } from "../../src/do/assets.js";
import { startContainer, stopContainer } from "../../src/do/local/container.js";
import type { ProcessIdentity } from "../../src/compute/local/process-identity.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { writeFiles } from "../../src/do/write-files.js";
import { baseContainer, makeLan } from "../support/base-container.js";

// Seeds of other clouds in their original form, given to a container of the base.

const minutes = 60_000;
const suffix = process.pid % 10_000;
const lab = `elsewhere-${suffix}`;
const folder = mkdtempSync(join(tmpdir(), "elsewhere-"));
const userData = "#cloud-config\nwrite_files: [{ path: /etc/made, content: by user-data }]\n";
let removeLan: () => Promise<unknown>;

beforeAll(async () => {
  removeLan = await makeLan(lab);
});
afterAll(async () => {
  await removeLan();
  rmSync(folder, { recursive: true, force: true });
});

interface Given {
  mac: string;
  address: string;
  key: string;
}

/** OpenStack Nova's config drive: network by metadata, and an address that the project's router translates. */
const configDrive = ({ mac, address, key }: Given) => {
  const name = "sipproxy0";
  const uuid = "83679162-1378-4288-a2d4-70e13ec132aa";
  const network = {
    links: [
      { id: "tap1a81968a-79", vif_id: "1a81968a-797a", type: "ovs", mtu: 1450, ethernet_mac_address: mac },
    ],
    networks: [
      {
        ...{
          id: "network0",
          type: "ipv4",
          link: "tap1a81968a-79",
          network_id: "da5bb487-5193-4a65-a3df-4a0055a8c0d7",
        },
        ...{ ip_address: address, netmask: "255.255.255.0" },
        routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.99.0.1" }],
        services: [{ type: "dns", address: "10.99.0.1" }],
      },
    ],
    services: [{ type: "dns", address: "10.99.0.1" }],
  };
  const metaData = { uuid, name, hostname: name, launch_index: 0, public_keys: { mine: key }, keys: [] };
  const ec2 = {
    "instance-id": "i-00000001",
    "local-ipv4": address,
    "public-ipv4": "198.51.100.7",
    hostname: name,
  };
  return {
    "openstack/latest/meta_data.json": JSON.stringify(metaData),
    "openstack/latest/network_data.json": JSON.stringify(network),
    "openstack/latest/vendor_data.json": "{}",
    "openstack/latest/user_data": userData,
    "ec2/latest/meta-data.json": JSON.stringify(ec2),
  };
};

/** The drive that Proxmox VE creates: network configuration of version 1, and the user's own file as user-data (cicustom). */
const proxmox = ({ mac, address, key }: Given) => ({
  "meta-data": "instance-id: 1c5b0a8ab2c9c1a8c0a1d5d7a1f9a8a3c1e1d9b4\n",
  "user-data": `${userData}hostname: sipproxy0\nssh_authorized_keys: ["${key}"]\n`,
  "network-config": `version: 1
config:
    - type: physical
      name: eth0
      mac_address: '${mac}'
      subnets:
      - type: static
        address: '${address}'
        netmask: '255.255.255.0'
        gateway: '10.99.0.1'
    - type: nameserver
      address:
      - '10.99.0.1'
      search:
      - 'example.com'
`,
  "vendor-data": "",
});

describe.each([
  { cloud: "OpenStack's config drive", last: 3, id: "configdrive", where: "config_drive", seed: configDrive },
  { cloud: "NoCloud as Proxmox has it", last: 4, id: "nocloud", where: undefined, seed: proxmox },
])("$cloud", ({ last, id, where, seed }) => {
  let container: Container;
  let guest: SshTarget;
  let running: ProcessIdentity;
  let unplug: () => Promise<unknown> = () => Promise.resolve();
  const address = `10.99.0.${last}`;
  const inGuest = (script: string) =>
    runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: minutes });

  beforeAll(async () => {
    const own = join(folder, id);
    const made = await baseContainer(own, lab, `else${last}-${suffix}`, last);
    ({ container, guest, unplug } = made);
    const key = readFileSync(`${guest.key}.pub`, "utf8").trim();
    const files = seed({ mac: `52:54:00:c0:00:0${last}`, address, key });
    rmSync(container.seed, { recursive: true });
    const place =
      where === undefined ? container.seed : join(container.folder, "upper/var/lib/cloud/seed", where);
    mkdirSync(container.seed);
    await writeFiles(
      place,
      Object.entries(files).map(([path, content]) => ({ path, content })),
    );
    // a container's card has no permanent address, and netplan would match cards by that
    const card = `[Match]\nName=${CONTAINER_NIC}\n[Network]\nAddress=${address}/24\n`;
    await writeFiles(join(container.folder, "upper/etc/systemd/network"), [
      { path: "05-lab.network", content: card },
    ]);
    await made.plug();
    running = await startContainer(container);
    await waitForSsh(guest, 4 * minutes);
  }, 10 * minutes);

  afterAll(async () => {
    await stopContainer(container, running, 0);
    await unplug();
  });

  test("is found, and cloud-init ends without complaint", async () => {
    expect(await waitForCloudInit(guest, 4 * minutes)).toEqual({ outcome: "done", problems: [] });
    expect(await inGuest("cat /etc/made; cat /run/cloud-init/cloud-id; hostname")).toBe(
      `by user-data${id}\nsipproxy0`,
    );
  });

  test("its network is written as it is given", async () => {
    const netplan = await inGuest("sudo cat /etc/netplan/50-cloud-init.yaml");
    for (const part of [`52:54:00:c0:00:0${last}`, `${address}/24`, "via: ", "10.99.0.1", "nameservers:"])
      expect(netplan).toContain(part);
  });

  test("tells auto's addresses, or what to set", async () => {
    const input = readFileSync(
      join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy/instance-address"),
      "utf8",
    );
    const ask = (name: string) =>
      runInGuest(guest, {
        argv: ["sh", "-c", `python3 - ${name} || echo "ended with $?"`],
        input,
        timeout: minutes,
      });
    expect(await ask("local-ipv4")).toBe(address);
    expect(await ask("public-ipv4")).toMatch(
      id === "configdrive"
        ? /^198\.51\.100\.7$/
        : /^the instance data of nocloud contain no public address: set public_ip_address\nended with 5$/,
    );
  });
});
