import type { DrillLab } from "./lab.js";

export interface DrillStep {
  title: string;
  /** What is done before calls are placed. */
  before?: (this: void, lab: DrillLab) => Promise<void>;
  /** What is done while they are up: one command each. */
  run: (this: void, lab: DrillLab) => Promise<void>;
  /** Public addresses that the platform is told of, and at which no proxy is yet. */
  also?: readonly string[];
  /** The proxy that takes no calls when it is done; all others must. */
  drains?: string;
  /** Calls are lost with their proxy. */
  costsCalls?: boolean;
}

export const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
