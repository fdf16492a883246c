import type { Purpose } from "../../src/do/debian-packages.js";

interface Tier {
  name: string;
  /** Timeout of one test or its set-up in minutes, long enough for a busy machine. */
  minutes: number;
  /** Number of files that run at the same time; default: twice the number of processors. */
  workers?: number;
  /** The Debian packages that its tests need. */
  packages: readonly Purpose[];
}

/** The tiers of tests, in the order in which they run. */
export const tiers: readonly Tier[] = [
  { name: "unit", minutes: 5, packages: [] },
  { name: "tools", minutes: 15, packages: ["bake", "network", "database", "proxies", "checks", "metrics"] },
  // "bake" has mmdebstrap, which makes the trees of other releases
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
