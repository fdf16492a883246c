import { optional, withDefault } from "../../../src/understand/settings/setting.js";
import { integer, text } from "../../../src/understand/settings/types.js";
import { UserError } from "../../../src/errors.js";
import type { Hosts } from "../../../src/targets/hosts.js";
import type { HostsNeeds, Operations, Target } from "../../../src/targets/target.js";

const room = text({ rule: "a room such as r12", pattern: /^r\d+$/ });

/** A complete third target: its hosts are only names in a table. */
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
  features: ["addresses", "reach", "roll"],
  operations: () => Promise.resolve(operations),
} as const satisfies Target;

/** A box on the shelf: its image and user-data, and whether it is drained. */
interface Box {
  image: string;
  userData: string;
  draining: boolean;
  /** Its current calls; the limit is 100. */
  calls?: number;
  /** True: nothing on it knows the number of calls. */
  unanswered?: boolean;
  /** True: it runs no scripts. */
  locked?: boolean;
}

export const boxes = new Map<string, Box>();
/** Actions on running boxes, in order. */
export const done: string[] = [];
let former: string | undefined;

const boards = ["oak", "ash", "rotten"];

const hosts = ({ dryRun = false, image = "oak" }: HostsNeeds): Hosts => ({
  launch: ({ host, userData }) => {
    if (!dryRun) boxes.set(host.name, { image, userData: userData.toString("hex"), draining: false });
    done.push(`${host.name} of ${image}`);
    return Promise.resolve(`put on the shelf with ${userData.length} bytes`);
  },
  waitUntilReady: ({ name }) =>
    boxes.get(name)?.image === "rotten"
      ? Promise.reject(new UserError("it does not hold"))
      : Promise.resolve(`sip-proxy: ready: ${name}`),
  list: () => Promise.resolve([...boxes.keys()].map((name) => ({ name, state: "running", box: 1 }))),
  stop: () => Promise.resolve("closed"),
  terminate: ({ name }) => {
    if (boxes.get(name)?.draining) done.push(`${name} away`);
    return Promise.resolve(boxes.delete(name) ? "taken away" : "not there");
  },
  rolling: {
    isCurrent: ({ host, userData }) => {
      const box = boxes.get(host.name);
      return Promise.resolve(box?.image === image && box.userData === userData.toString("hex"));
    },
    alone: (roll) => roll(),
    prepare: () =>
      boards.includes(image) ? Promise.resolve() : Promise.reject(new UserError(`no board ${image}`)),
    remember: () => {
      former = [...boxes.values()].find((box) => box.image !== image)?.image ?? former;
      return Promise.resolve();
    },
    previous: () => Promise.resolve(former),
  },
});

/** A box's answer to a script: its state, or nothing. */
function answer(box: Box, script: string): string {
  if (script === "sip-proxy-drain start") box.draining = true;
  if (script === "sip-proxy-drain undo" || /^rm -f \S*draining/.test(script)) box.draining = false;
  const marks = [...(box.draining ? ["draining"] : []), ...(box.image === "rotten" ? [] : ["ready"])];
  return ["", "[]", box.unanswered ? "" : `calls=${box.calls ?? 0}`, marks.join("\n"), "100"].join(
    "\n--- sip-proxy ---\n",
  );
}

const operations: Operations = {
  bake: () => Promise.resolve(),
  images: () => Promise.resolve([]),
  compared: () => Promise.reject(new Error("a shelf has one image")),
  prune: () => Promise.resolve(0),
  withHosts: (_fleet, needs, work) => work(hosts(needs)),
  reach: (_fleet, asked) =>
    Promise.resolve(
      asked.map((host) => {
        const { name } = host;
        const box = boxes.get(name);
        if (box === undefined) return { name, host, why: "it is not on the shelf" };
        const run = (script: string) =>
          Promise.resolve(
            box.locked
              ? { exitCode: 1, stdout: "", stderr: "sudo: a password is required\n" }
              : { exitCode: 0, stdout: answer(box, script), stderr: "" },
          );
        return { name, host, stream: () => Promise.resolve({ why: "a shelf" }), run };
      }),
    ),
  status: (_fleet, asked) => {
    for (const { name } of asked) process.stdout.write(`${name} ${boxes.has(name) ? "there" : "missing"}\n`);
    return Promise.resolve(asked.every(({ name }) => boxes.has(name)));
  },
  addresses: (_fleet, asked) =>
    Promise.resolve(asked.map((host) => ({ host, label: host.name, address: "192.0.2.77" }))),
};
