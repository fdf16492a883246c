import { tellingWhatStays } from "../cli/interrupt.js";
import { runSteps } from "../cli/steps.js";
import { printJson, talk } from "../cli/talk.js";
import { UserError } from "../errors.js";
import type { Reached } from "../targets/reach.js";
import { lookAtEach } from "./dispatcher.js";
import { secondsOf } from "./launch.js";
import { findHosts, loadFleet } from "./load-fleet.js";
import { findNamed, isReached, onEach, pauseFor, type ReachOptions } from "./reach.js";
import { untilClear, type Tell } from "../do/wait.js";

export interface DrainHostOptions extends ReachOptions {
  wait: boolean;
  timeout: string;
  dryRun?: boolean;
  json?: boolean;
}

/** Milliseconds for a host to start draining. */
const PATIENCE = 30_000;
/** Milliseconds without an answer from a host. A restart of the host, or of the agent that carries the commands, takes less. */
const SILENCE = 600_000;

/** `sip-proxy drain FLEET NAME…`: these hosts accept no new calls; waits until their calls have ended. */
export async function drainHosts(file: string, names: string[], options: DrainHostOptions): Promise<void> {
  const timeout = secondsOf(options.timeout);
  const hosts = await hostsToTell(file, names, "start", options);
  if (hosts === undefined) return;
  const steps = [{ title: `no new calls: ${names.join(", ")}`, run: () => tellHosts(hosts, "start") }];
  const wait = { title: "the last call ends", run: (tell: Tell) => untilDrained(hosts, timeout, tell) };
  const times = await tellingWhatStays(
    () =>
      `${names.join(", ")} may still be drained: run the same command again to continue, or sip-proxy undrain FLEET NAME`,
    () => runSteps(options.wait ? [...steps, wait] : steps),
  );
  const seconds = times.reduce((sum, step) => sum + step.seconds, 0);
  if (options.json) printJson({ hosts: names, drained: options.wait, seconds });
  else if (options.wait)
    talk.good(`${names.join(", ")}: all calls have ended, after ${Math.round(seconds)} s`);
  else talk.good(`${names.join(", ")}: new calls get 503; not waiting for current calls (--no-wait)`);
}

/** `sip-proxy undrain FLEET NAME…`: these hosts accept new calls again. */
export async function undrainHosts(
  file: string,
  names: string[],
  options: Omit<DrainHostOptions, "wait" | "timeout">,
): Promise<void> {
  const hosts = await hostsToTell(file, names, "undo", options);
  if (hosts === undefined) return;
  await tellHosts(hosts, "undo");
  if (options.json) printJson({ hosts: names });
  else talk.good(`${names.join(", ")}: new calls are accepted again`);
}

/** The named hosts; undefined for a dry run. Throws UserError if one is not reachable, before any host is changed. */
async function hostsToTell(
  file: string,
  names: string[],
  word: "start" | "undo",
  options: Omit<DrainHostOptions, "wait" | "timeout">,
): Promise<Reached[] | undefined> {
  const { fleet } = loadFleet(file);
  if (options.dryRun) {
    // a dry run queries nothing, so with a group it cannot know the names of instances
    if (fleet.group === undefined) findHosts(fleet, names);
    const would = [...new Set(names)].map((name) => ({ name, would: `sip-proxy-drain ${word}` }));
    if (options.json) printJson(would);
    else for (const { name, would: command } of would) talk.say(`${name}: would run ${command}`);
    return undefined;
  }
  const found = await findNamed(fleet, names, options);
  const missing = found.flatMap((each) => (isReached(each) ? [] : each));
  if (missing.length === 0) return found.filter(isReached);
  for (const { name, why } of missing) talk.warn(`${name}: not reachable: ${why}`);
  throw new UserError(
    `nothing was done, because these hosts are not reachable: ${missing.map(({ name }) => name).join(", ")}`,
    {
      hint: "sip-proxy list FLEET --target TARGET",
    },
  );
}

export async function tellHosts(hosts: readonly Reached[], word: "start" | "undo"): Promise<void> {
  const told = await onEach(hosts, (host) => host.run(`sip-proxy-drain ${word}`, PATIENCE));
  const failed = hosts.filter(({ name }) => told.get(name)?.exitCode !== 0);
  if (failed.length === 0) return;
  const says = failed.map(({ name }) => `${name}: ${told.get(name)?.stderr.trim() || "no answer"}`);
  throw new UserError(`not ${word === "start" ? "draining" : "accepting calls again"}: ${says.join("; ")}`, {
    hint: "run the same command again; it skips hosts that are done",
  });
}

/** Somebody ran undrain while the command waited. */
export class DrainUndone extends UserError {}

/** Waits until the hosts have no calls. A host that no longer runs has none. */
export async function untilDrained(hosts: readonly Reached[], timeout: number, tell: Tell): Promise<void> {
  const heard = new Map(hosts.map(({ name }) => [name, Date.now()]));
  const look = async () => {
    const looks = await lookAtEach(hosts);
    for (const name of looks.keys()) heard.set(name, Date.now());
    const again = [...looks].filter(([, { draining }]) => !draining).map(([name]) => name);
    if (again.length > 0) throw new DrainUndone(`draining was undone in the meantime: ${again.join(", ")}`);
    const left: string[] = [];
    for (const host of hosts) {
      const { name } = host;
      const its = looks.get(name);
      if (its?.leavesDns) {
        left.push(`${name} (leaves DNS first)`);
        continue;
      }
      const count = its?.count;
      if (count === 0 || (count === undefined && !(await mayRun(host)))) continue;
      if (Date.now() - (heard.get(name) ?? 0) > SILENCE) throw silent(name);
      left.push(`${name} ${count ?? "not known"}`);
    }
    return left.join(", ");
  };
  const late = (left: string) =>
    new UserError(`calls are still up after ${timeout / 1000} s: ${left}`, {
      hint: "run the same command again to keep waiting; stop or terminate with --now ends the calls",
    });
  const pause = pauseFor(hosts);
  await untilClear(look, { timeout, pause, tell: (left) => tell(`calls left: ${left}`), late });
}

/** Whether the host may still run; true if the target gives no answer. */
async function mayRun({ runs }: Reached): Promise<boolean> {
  try {
    return (await runs?.()) ?? true;
  } catch (error) {
    if (!(error instanceof UserError) || error.isFinal) throw error;
    return true;
  }
}

const silent = (name: string) =>
  new UserError(`${name} has not answered for ${SILENCE / 60_000} minutes; it may still have calls`, {
    hint: `see: sip-proxy doctor FLEET; run the same command again to continue, or sip-proxy undrain FLEET ${name}`,
  });
