import { randomBytes } from "node:crypto";
import { demo } from "../../../src/lab/demo/addresses.js";
import type { BootedHost } from "./host.js";

/** A fault of the first boot, and its expected course. */
export interface FaultCase {
  title: string;
  /** Runs before the host's first boot. */
  before?: (host: BootedHost) => Promise<void>;
  userData?: (good: { bytes: Buffer; yaml: string }) => Buffer;
  /** The expected text on the console; "ready" if the fault must have no effect. */
  says: RegExp | "ready";
  mend?: (host: BootedHost) => Promise<void>;
  /** A file that differs between the host's user-data and the fleet file. */
  other?: string;
}

/** Gives the host good user-data and restarts it. A stopped EC2 instance can get new user-data the same way. */
async function giveGood(host: BootedHost): Promise<void> {
  await host.giveUserData(host.rendered.bytes);
  await host.cutOff();
  await host.start();
}
/** Replaces the host: complete user-data is applied only once. */
async function launchAnew(host: BootedHost): Promise<void> {
  await host.remove();
  await host.start();
}
const noHost = { says: /FAILED: this machine has no user-data/, mend: giveGood };

/** User-data that is cut off inside a file: cloud-init reads valid YAML with an incomplete file. */
function cutIn(path: string) {
  return ({ yaml }: { yaml: string }): Buffer => {
    const start = yaml.indexOf(`path: ${path}`);
    if (start < 0) throw new Error(`${path} is not in the user-data`);
    return Buffer.from(yaml.slice(0, yaml.indexOf("\n", start + 250)));
  };
}

const truncated = [10, 50, 90, 99].map((percent) => ({
  title: `compressed user-data cut off at ${percent} %`,
  userData: ({ bytes }: { bytes: Buffer }) => bytes.subarray(0, (bytes.length * percent) / 100),
  ...noHost,
}));

const full = [0, 64, 256, 512, 768, 1024, 1280, 1536, 2048, 3072].map((free) => ({
  title: `a disk with ${free} KiB left`,
  before: (host: BootedHost) => host.fillDisk(96, free),
  says: /FAILED: |sip-proxy: ready/,
  mend: (host: BootedHost) => Promise.resolve(host.freeDisk()),
}));

const [given] = Object.values(demo.proxies).map(({ private_ip_address }) => private_ip_address);

const addresses: readonly FaultCase[] = [
  {
    title: "a private address that no interface has",
    userData: ({ yaml }) => Buffer.from(yaml.replace(/^(\s*PRIVATE_IP_ADDRESS=)\S+$/m, "$110.0.0.77")),
    says: /no address: no interface has 10\.0\.0\.77/,
    mend: launchAnew,
  },
  {
    title: "a private address that two interfaces have",
    userData: ({ yaml }) =>
      Buffer.from(
        `${yaml}\nbootcmd:\n  - ip link add doubled type veth peer name other\n  - ip address add ${given}/32 dev doubled\n`,
      ),
    says: /WARNING: several interfaces have \S+ \(\S+ \S+\): Kamailio listens on all of them/,
  },
];

export const faultCases: readonly FaultCase[] = [
  { title: "no user-data", userData: () => Buffer.alloc(0), ...noHost },
  { title: "user-data of nothing", userData: () => Buffer.from("#cloud-config\n"), ...noHost },
  { title: "binary user-data", userData: () => randomBytes(4096), ...noHost },
  ...truncated,
  {
    title: "user-data cut off in the seed",
    userData: cutIn("/etc/sip-proxy/dispatcher-seed.sql"),
    ...noHost,
  },
  {
    title: "user-data cut off in host.env",
    userData: cutIn("/etc/sip-proxy/host.env"),
    says: /FAILED: user-data is incomplete on this disk: \/etc\/sip-proxy\/host\.env/,
    mend: giveGood,
  },
  {
    title: "user-data edited by hand",
    userData: ({ yaml }) =>
      Buffer.from(yaml.replace(/^(\s*)DRAIN_LIMIT=(\S+)$/m, "$1DRAIN_LIMIT=$2\n$1# longer than it was")),
    says: "ready",
    other: "etc/sip-proxy/host.env",
  },
  {
    title: "another part of cloud-init fails",
    userData: ({ yaml }) =>
      Buffer.from(
        `${yaml}\nbootcmd: ["exit 1"]\nruncmd: ["exit 1"]\nusers: [default, { name: "no name" }]\nunknown_of_a_newer_release: 1\n`,
      ),
    says: "ready",
  },
  {
    title: "cut off between cloud-init's note of the instance and its network",
    before: (host) => host.cutBeforeNetwork(),
    says: "ready",
  },
  ...addresses,
  ...full,
];
