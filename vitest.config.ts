import { defineConfig } from "vitest/config";

interface Tier {
  name: string;
  /** Minutes that one test or its set-up may take. */
  minutes: number;
  /** Tiers run one after the other in this order. */
  order: number;
}

/**
 * One project a tier. Only the first runs its files side by side: the others start networks, servers and machines, and
 * measure time.
 */
const tier = ({ name, minutes, order }: Tier) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: minutes * 60_000,
    hookTimeout: minutes * 60_000,
    sequence: { groupOrder: order },
    // these measure time on a machine that may be busy; a test that needed a second try is told as such
    ...(name === "call" || name === "cloud" ? { retry: 1 } : {}),
    ...(name === "unit" ? {} : { fileParallelism: false, globalSetup: ["test/support/set-up.ts"] }),
  },
});

export default defineConfig({
  test: {
    // what commands say is compared as text, also where CI is set and colours would be on
    env: { NO_COLOR: "1" },
    reporters: ["default", "./test/support/summary-reporter.ts"],
    projects: [
      tier({ name: "unit", minutes: 0.5, order: 0 }),
      tier({ name: "tools", minutes: 3, order: 1 }),
      tier({ name: "call", minutes: 10, order: 2 }),
      tier({ name: "cloud", minutes: 10, order: 3 }),
      tier({ name: "image", minutes: 30, order: 4 }),
    ],
  },
});
