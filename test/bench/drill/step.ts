import type { DrillLab } from "./lab.js";

export interface DrillStep {
  title: string;
  /** Runs before calls are placed. */
  before?: (this: void, lab: DrillLab) => Promise<void>;
  /** The work while calls are up: one command of the operator. */
  run: (this: void, lab: DrillLab) => Promise<void>;
  /** Further public addresses that the platform uses, without a proxy so far. */
  also?: readonly string[];
  /** The proxy that takes no new calls after the step; all others must take some. */
  drains?: string;
  /** The step loses the calls of its proxy. */
  costsCalls?: boolean;
}

export const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
