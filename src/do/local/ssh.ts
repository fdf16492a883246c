import { setTimeout as sleep } from "node:timers/promises";
import { sshArgv, type SshTarget } from "../../compute/local/ssh.js";
import { UserError } from "../../errors.js";
import { shellQuote } from "../../compute/quote/shell.js";
import { attempt, type Finished } from "../process.js";
import { requireTools } from "./tools.js";

export interface GuestCommand {
  argv: readonly [string, ...string[]];
  /** Text for the program's standard input, such as a secret, or a script (`argv: ["bash", "-s"]`). */
  input?: string;
  /** Milliseconds. */
  timeout?: number;
  onLine?: (line: string) => void;
}

/** The exit code of ssh for its own errors. */
export const SSH_FAILED = 255;

/** Runs a program in the guest and returns its result for any exit code. Throws UserError if the guest is not reachable. */
export async function attemptInGuest(target: SshTarget, command: GuestCommand): Promise<Finished> {
  const { argv, ...how } = command;
  const result = await attempt({ ...how, argv: sshArgv(target, argv.map(shellQuote).join(" ")) });
  if (result.exitCode !== SSH_FAILED) return result;
  throw new UserError(`ssh ${target.user}@${target.host}:${target.port}: ${result.stderr.trim()}`, {
    hint: "see the VM's console log",
  });
}

/** The same, but throws UserError unless the exit code is 0. Returns standard output. */
export async function runInGuest(target: SshTarget, command: GuestCommand): Promise<string> {
  const result = await attemptInGuest(target, command);
  if (result.exitCode === 0) return result.stdout;
  const lines = (result.stderr || result.stdout).trimEnd().split("\n").slice(-15);
  const line = command.argv.map(shellQuote).join(" ");
  throw new UserError(
    `in the guest: ${line} failed (exit ${result.exitCode})\n${lines.map((l) => `  | ${l}`).join("\n")}`,
  );
}

/** Waits until a login succeeds; `timeout` in ms. */
export async function waitForSsh(target: SshTarget, timeout: number): Promise<void> {
  await requireTools("ssh");
  const deadline = Date.now() + timeout;
  for (;;) {
    try {
      await runInGuest(target, {
        argv: ["true"],
        timeout: Math.max(5000, Math.min(20_000, deadline - Date.now())),
      });
      return;
    } catch (error) {
      if (Date.now() < deadline) await sleep(1000);
      else
        throw new UserError(`no login in ${timeout / 1000} s`, {
          cause: error,
          hint: String((error as Error).message),
        });
    }
  }
}

export interface CloudInitResult {
  /** "done", or "degraded" if cloud-init ended with recoverable errors. */
  outcome: "done" | "degraded";
  problems: string[];
}

/** Waits until cloud-init has finished in the guest (`timeout` in ms). Throws UserError if it failed. */
export async function waitForCloudInit(target: SshTarget, timeout: number): Promise<CloudInitResult> {
  const argv = ["cloud-init", "status", "--wait", "--format", "json"] as const;
  const { exitCode, stdout, stderr } = await attemptInGuest(target, { argv, timeout });
  const status = JSON.parse(stdout.slice(stdout.indexOf("{")) || "{}") as {
    errors?: string[];
    recoverable_errors?: Record<string, string[]>;
  };
  const recoverable = Object.entries(status.recoverable_errors ?? {}).flatMap(([level, lines]) =>
    lines.map((line) => `${level}: ${line}`),
  );
  const problems = [...(status.errors ?? []), ...recoverable];
  // 2 is "degraded" (23.4 and later): everything ran, with recoverable errors
  if (exitCode === 0 || exitCode === 2) return { outcome: exitCode === 0 ? "done" : "degraded", problems };
  throw new UserError(`cloud-init failed in the guest: ${problems.join("; ") || stderr}`, {
    hint: "in the guest: cloud-init status --long, /var/log/cloud-init.log",
  });
}
