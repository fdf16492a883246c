import type { Purpose } from "../../src/do/debian-packages.js";

interface Tier {
  name: string;
  /** Timeout of one test or its set-up in minutes, long enough for a busy machine. */
  minutes: number;
  /** Tiers of the same group run side by side, with the same number of workers. Groups run one after the other. */
  group: number;
  /** Number of files that run at the same time, for each processor; 0: one file in all. */
  workers: number;
  /** The Debian packages that its tests need. */
  packages: readonly Purpose[];
}

const waiting = { group: 1, workers: 3 };

/** The tiers of tests, in the order in which they run. */
export const tiers: readonly Tier[] = [
  { name: "unit", minutes: 5, group: 0, workers: 2, packages: [] },
  // files of these three mostly wait; "tools", which has the most short files, is last, so that no processor is idle at the end
  {
    name: "call",
    minutes: 15,
    ...waiting,
    // "bake" has mmdebstrap, which makes the trees of other releases
    packages: ["bake", "network", "database", "proxies", "metrics", "packets"],
  },
  { name: "cloud", minutes: 20, ...waiting, packages: ["bake", "network", "database", "proxies"] },
  {
    name: "tools",
    minutes: 15,
    ...waiting,
    packages: ["bake", "network", "database", "proxies", "checks", "metrics"],
  },
  { name: "host", minutes: 30, group: 2, workers: 2, packages: ["bake", "network", "database"] },
  { name: "browser", minutes: 5, group: 3, workers: 2, packages: ["browser"] },
  { name: "vm", minutes: 60, group: 4, workers: 0, packages: ["bake", "network", "database"] },
];
