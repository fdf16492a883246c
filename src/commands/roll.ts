import { Interrupted } from "../cli/interrupt.js";
import type { Step } from "../cli/steps.js";
import { objection } from "../compute/operate/room.js";
import { UserError } from "../errors.js";
import type { HostOrder, Hosts } from "../targets/hosts.js";
import type { Reached } from "../targets/reach.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { lookAtEach } from "./dispatcher.js";
import { DrainUndone, tellHosts, untilDrained } from "./drain-host.js";
import { findReached, isReached, pauseFor, reachHosts, runs } from "./reach.js";
import type { TargetOption } from "./target-option.js";
import { untilClear, type Tell } from "../do/wait.js";

export interface RollOptions extends TargetOption {
  image?: string;
  timeout: string;
  /** Roll even if the other hosts are not ready, or have no room for the calls. */
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** Milliseconds to wait until the other hosts are ready and have room. */
const PATIENCE = 60_000;
/** At least this many queries, where a long pause between them is needed: a new host there needs minutes until it is reachable. */
const LOOKS = 30;
/** Milliseconds for a boot. */
const BOOT = 900_000;

/** Replaces single hosts one after the other. Each is drained first; the next one follows when the new host is ready. */
export class Roll {
  /** The state of the current host, and what to do if the roll stops here, in words for an error. */
  stays: string | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly target: Hosts,
    private readonly options: RollOptions,
    /** Milliseconds, for each wait: for room, for the end of a host's calls, for a new host to be ready. */
    private readonly timeout: number,
  ) {}

  /** `current`: hosts that need no replacement. One that an interrupted roll has launched may not be ready yet. */
  steps(orders: readonly HostOrder[], current: readonly HostOrder[]): Step[] {
    const all = orders.map(({ host }) => host.name);
    const awaited = current.map(({ host }) => ({
      title: `${host.name}: ready`,
      run: () => this.#current(host, all),
    }));
    const replaced = orders.flatMap((order, index) => {
      const { host } = order;
      const rest = orders.slice(index + 1).map((later) => later.host.name);
      const telling = (work: () => Promise<void>) => this.#telling(host, rest, work);
      return [
        {
          title: `${host.name}: the other hosts have room for its calls`,
          run: (tell: Tell) => this.#room(host, tell),
        },
        { title: `${host.name}: drained`, run: (tell: Tell) => telling(() => this.#drain(order, tell)) },
        { title: `${host.name}: replaced`, run: () => telling(() => this.#replace(order)) },
        { title: `${host.name}: ready`, run: () => this.#ready(host, rest) },
      ];
    });
    return [...awaited, ...replaced];
  }

  /** Waits until the other hosts have room for this host's calls: hosts that have just booted need a moment. */
  async #room({ name }: Host, tell: Tell): Promise<void> {
    if (this.options.force) return;
    const hosts = this.fleet.hosts.filter(({ kind }) => kind === "proxy");
    const names = hosts.map((host) => host.name);
    const find = () => findReached(this.fleet, hosts, this.options);
    const first = await find();
    let found: typeof first | undefined = first;
    const pause = pauseFor(first.filter(isReached));
    const patience = Math.max(PATIENCE, pause * LOOKS);
    const look = async () => {
      const now = found ?? (await find());
      found = undefined;
      const why = objection(name, await lookAtEach(now.filter(isReached)), names) ?? "";
      const unreached = now.flatMap((one) =>
        isReached(one) || one.name === name ? [] : `${one.name} is not reachable: ${one.why}`,
      );
      return why === "" ? "" : [why, ...unreached].join("; ");
    };
    const late = (why: string) =>
      new UserError(`${name} is not drained: ${why}`, {
        hint: "see: sip-proxy fleet status FLEET, sip-proxy doctor FLEET; then run the same command again; --force skips this check",
      });
    await untilClear(look, { timeout: Math.min(patience, this.timeout), pause, tell, late });
  }

  async #drain(order: HostOrder, tell: Tell): Promise<void> {
    const { host } = order;
    if (await this.target.rolling?.isCurrent(order)) return;
    const reached = await this.#reached(host);
    if (reached.length === 0) return;
    const drained = (may: string) =>
      `${host.name} ${may} drained: run the same command again to continue, or sip-proxy undrain FLEET ${host.name}`;
    this.stays = drained("may be");
    await tellHosts(reached, "start");
    this.stays = drained("is");
    await untilDrained(reached, this.timeout, tell);
  }

  /** The host, to drain it. Empty if it is stopped, or was already ended by an interrupted roll: it has no calls then. */
  async #reached(host: Host): Promise<Reached[]> {
    if (!(await runs(this.target, host))) return [];
    const found = await reachHosts(this.fleet, [host], this.options);
    if (found.length > 0) return found;
    throw new UserError(`${host.name} is running, but cannot be drained`, {
      hint: `see: sip-proxy doctor FLEET; or end the host, possibly with its calls: sip-proxy terminate FLEET ${host.name} --now; then run the same command again`,
    });
  }

  /** Replaces the host. If a roll on another machine has done so meanwhile, the new host has calls and stays. */
  async #replace(order: HostOrder): Promise<void> {
    const { host, userData } = order;
    if (await this.target.rolling?.isCurrent(order)) {
      this.stays = undefined;
      return this.#mend(host);
    }
    this.stays = `${host.name} is being replaced: run the same command again to continue`;
    await this.target.terminate(host, { now: true, release: false });
    this.stays = `the old ${host.name} has ended, and the new one is not up: run the same command again to continue`;
    await this.target.launch({ host, userData });
  }

  async #mend(host: Host): Promise<void> {
    await this.target.rolling?.mend?.(host);
  }

  /** Waits until a host that stays is ready. Queries the host first, because the console of a boot months ago may be gone. */
  async #current(host: Host, all: readonly string[]): Promise<void> {
    await this.#mend(host);
    const reached = (await findReached(this.fleet, [host], this.options)).filter(isReached);
    const look = (await lookAtEach(reached)).get(host.name);
    if (look?.ready !== true) await this.#ready(host, all);
  }

  /** Runs `work`. Adds the state of the host, and of those not yet rolled, to its error. */
  async #telling(host: Host, rest: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted || error instanceof DrainUndone)
        throw error;
      if (this.stays === undefined) throw error;
      throw new UserError(
        `the roll stops at ${host.name}: ${error.message}\n${this.stays}${asTheyWere(rest)}`,
        { ...(error.hint === undefined ? {} : { hint: error.hint }), exitCode: error.exitCode, cause: error },
      );
    }
  }

  async #ready(host: Host, rest: readonly string[]): Promise<void> {
    try {
      await this.target.waitUntilReady(host, Math.min(this.timeout, BOOT));
      this.stays = undefined;
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      const were = asTheyWere(rest);
      throw new UserError(`the roll stops at ${host.name}, which is not ready${were}\n${error.message}`, {
        hint: "see: sip-proxy doctor FLEET; run the same command again to continue, or sip-proxy fleet rollback FLEET",
        cause: error,
      });
    }
  }
}

const asTheyWere = (rest: readonly string[]): string =>
  rest.length === 0 ? "" : `; as they were: ${rest.join(", ")}`;
