import { optional, withDefault } from "../../../src/understand/settings/setting.js";
import { integer, text } from "../../../src/understand/settings/types.js";
import type { Hosts } from "../../../src/targets/hosts.js";
import type { Operations, Target } from "../../../src/targets/target.js";

const room = text({ rule: "a room such as r12", pattern: /^r\d+$/ });

/** Hosts that are names in a table: what a third target is made of, and all of it. */
export const shelf = {
  noun: "a shelf",
  image: {
    title: "Image, shelf",
    description: "A board.",
    settings: { width: withDefault(integer(1, 9), 3, "Width of the board.") },
    onRequest: true,
  },
  launch: {
    title: "Launching on a shelf",
    description: "As boxes.",
    settings: {
      room: optional(room, "Where the shelf stands.", { variable: "SHELF" }),
      boxes: withDefault(integer(1, 9), 2, "Boxes."),
    },
  },
  rules: [
    ({ image, hosts }) =>
      hosts.length <= 3 || !("shelf" in image.targets)
        ? []
        : [{ path: ["launch", "shelf"], message: `must hold ${hosts.length} hosts` }],
  ],
  secretKinds: {
    drawer: {
      form: "LABEL",
      shortForm: "LABEL",
      words: (label) => (/^\w+$/.test(label) ? [label] : undefined),
    },
  },
  userDataLimit: 9000,
  releases: "give the box back",
  packerPlugins: {},
  packerBuilder: ({ image }) =>
    (image.targets as Record<string, unknown>)["shelf"] === undefined
      ? undefined
      : { type: "null", source: { communicator: "none" }, variables: {}, files: [] },
  features: ["addresses"],
  operations: () => Promise.resolve(operations),
} as const satisfies Target;

/** What is on the shelf: name and digest of the user-data. */
const boxes = new Map<string, number>();

const hosts = (dryRun = false): Hosts => ({
  launch: ({ host, userData }) => {
    if (!dryRun) boxes.set(host.name, userData.length);
    return Promise.resolve(`put on the shelf with ${userData.length} bytes`);
  },
  waitUntilReady: ({ name }) => Promise.resolve(`sip-proxy: ready: ${name}`),
  list: () => Promise.resolve([...boxes.keys()].map((name) => ({ name, state: "on the shelf", box: 1 }))),
  stop: () => Promise.resolve("closed"),
  terminate: ({ name }) => Promise.resolve(boxes.delete(name) ? "taken away" : "not there"),
});

const operations: Operations = {
  bake: () => Promise.resolve(),
  images: () => Promise.resolve([]),
  compared: () => Promise.reject(new Error("a shelf has one image")),
  prune: () => Promise.resolve(0),
  withHosts: (_fleet, { dryRun }, work) => work(hosts(dryRun)),
  status: (_fleet, asked) => {
    for (const { name } of asked) process.stdout.write(`${name} ${boxes.has(name) ? "there" : "missing"}\n`);
    return Promise.resolve(asked.every(({ name }) => boxes.has(name)));
  },
  addresses: (_fleet, asked) =>
    Promise.resolve(asked.map((host) => ({ host, label: host.name, address: "192.0.2.77" }))),
};
