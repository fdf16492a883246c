import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cli, writeFleet } from "../support/demo-image.js";

// A bake that is interrupted while its builder runs.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interrupt-"));
  mkdirSync(join(folder, "tmp"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Starts a bake, and sends it a signal 5 s after a step has begun. */
async function interruptedBake(step: string, signal: "SIGINT" | "SIGTERM") {
  const env = { ...process.env, XDG_DATA_HOME: folder, TMPDIR: join(folder, "tmp") };
  const [node, program] = cli;
  const bake = spawn(node, [program, "bake", writeFleet(folder), "--target", "local"], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => bake.once("exit", resolve));
  const lines: string[] = [];
  let sent = false;
  for await (const line of createInterface(bake.stderr)) {
    lines.push(line);
    // only once: the output names a step again at its end, and a second signal ends a bake without cleaning up
    if (!sent && line.includes(step)) sent = Boolean(setTimeout(() => bake.kill(signal), 5000));
  }
  return { code: await ended, said: lines.join("\n") };
}

/** Processes whose command line contains the folder: Packer, and QEMU started by Packer. */
function stillRunning(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(pid))
    .filter((words) => words.includes(folder));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

test.each([
  ["booting the builder", "SIGINT", 130],
  ["waiting for the builder", "SIGTERM", 143], // Packer waits, so its log exists
] as const)(
  "while %s, %s ends the builder and leaves nothing but Packer's log",
  async (step, signal, code) => {
    const bake = await interruptedBake(step, signal);
    expect(bake).toMatchObject({ code, said: expect.stringContaining(`interrupted (${signal})`) as string });
    expect(stillRunning()).toEqual([]);
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
    const left = readdirSync(join(folder, "sip-proxy/images/demo"));
    const log = expect.stringMatching(/^bake-[0-9a-f]{16}\.log$/) as string;
    // a container boots before Packer starts
    if (left.length > 0 || step === "waiting for the builder") expect(left).toEqual([log]);
  },
);
