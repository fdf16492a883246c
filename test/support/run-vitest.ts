import { spawnSync } from "node:child_process";

/** Runs Vitest with these arguments and variables; its exit code becomes that of this program. */
export function runVitest(argv: readonly string[], env: Record<string, string>): void {
  const options = { stdio: "inherit", env: { ...process.env, ...env } } as const;
  process.exitCode = spawnSync("npx", ["vitest", "run", ...argv], options).status ?? 1;
}
