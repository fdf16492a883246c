import type { Purpose } from "../../src/do/debian-packages.js";

interface Tier {
  name: string;
  /** Minutes that one test or its set-up may take on a busy machine: a deadline, not a measure. */
  minutes: number;
  /** Files that run at the same time; unless given, twice as many as there are processors. */
  workers?: number;
  /** What its tests use of Debian's packages. */
  packages: readonly Purpose[];
}

/** The tiers of tests, in the order in which they run. */
export const tiers: readonly Tier[] = [
  { name: "unit", minutes: 5, packages: [] },
  { name: "tools", minutes: 15, packages: ["bake", "network", "database", "proxies", "checks", "metrics"] },
  // mmdebstrap, of "bake", makes the trees of other releases
  {
    name: "call",
    minutes: 15,
    packages: ["bake", "network", "database", "proxies", "metrics", "packets"],
  },
  { name: "cloud", minutes: 20, packages: ["bake", "network", "database", "proxies"] },
  { name: "host", minutes: 30, packages: ["bake", "network", "database"] },
  { name: "browser", minutes: 5, packages: ["browser"] },
  { name: "vm", minutes: 60, workers: 1, packages: ["bake", "network", "database"] },
];
