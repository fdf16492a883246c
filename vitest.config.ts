import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/longest-first.js";
import { tiers } from "./test/support/tiers.js";

/** One project a tier. Files run side by side, in networks of their own. */
const projects = tiers.map(({ name, minutes, group, workers }) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: minutes * 60_000,
    hookTimeout: minutes * 60_000,
    sequence: { groupOrder: group },
    maxWorkers: Math.max(1, workers * availableParallelism()),
    // what is imported stays for the next file: some two seconds of CPU for each file, half of that of the unit tier
    isolate: name === "host" || name === "vm",
    ...(name === "unit" ? {} : { globalSetup: ["test/support/set-up.ts"] }),
  },
}));

export default defineConfig({
  test: {
    // what commands say is compared as text, also where CI is set and colours would be on
    env: { NO_COLOR: "1" },
    reporters: ["default", "./test/support/summary-reporter.ts"],
    sequence: { sequencer: LongestFirst },
    projects,
  },
});
