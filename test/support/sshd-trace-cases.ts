import { statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { TraceEnd } from "../../src/compute/operate/trace.js";
import type { Finished } from "../../src/do/process.js";
import { begin } from "./begin.js";
import { cli } from "./demo-image.js";

/** A trace of calls that the other tests of a `describe` place through sipproxy0, a booted host with its own sshd. */
export function traceThroughSshd(folder: string, env: Record<string, string>, fleetFile: () => string): void {
  const out = join(folder, "calls.pcapng");
  let traced: Promise<Finished>;
  beforeAll(async () => {
    const choice = ["--calls", "2", "--payload", "--seconds", "600", "--out", out, "--json"] as const;
    const argv = [...cli, "trace", fleetFile(), "sipproxy0", "--target", "local", ...choice] as const;
    ({ done: traced } = await begin({ argv, env, timeout: 900_000 }, /waiting for packets/));
  });

  test("trace, through the host's sshd, has two of them to their end", async () => {
    const { exitCode, stdout, stderr } = await traced;
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("RTP is missing")]);
    const { hosts } = JSON.parse(stdout) as { hosts: Record<string, TraceEnd> };
    const { why, calls, packets, bytes } = hosts["sipproxy0"] ?? expect.fail(stdout);
    expect([why, calls.map(({ ended }) => ended)]).toEqual(["calls", [true, true]]);
    const { size, mode } = statSync(out);
    expect([size > bytes, mode & 0o777]).toEqual([true, 0o600]);
    // with audio: larger than the headers of RTP
    expect(bytes / packets).toBeGreaterThan(150);
  });
}
