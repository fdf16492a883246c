import { Interrupted } from "../cli/interrupt.js";
import type { Step } from "../cli/steps.js";
import { objection } from "../compute/operate/room.js";
import { UserError } from "../errors.js";
import type { HostOrder, Hosts } from "../targets/hosts.js";
import type { Reached } from "../targets/reach.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { lookAtEach } from "./dispatcher.js";
import { DrainUndone, tellHosts, untilDrained } from "./drain-host.js";
import { findReached, isReached, pauseFor, reachHosts } from "./reach.js";
import type { TargetOption } from "./target-option.js";
import { untilClear, type Tell } from "../do/wait.js";

export interface RollOptions extends TargetOption {
  image?: string;
  timeout: string;
  /** Also where the other hosts are not ready, or cannot hold the calls. */
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** Milliseconds that others are waited for to be ready, and to have room. */
const PATIENCE = 60_000;
/** The same where a look is dear: so many of them. A new host needs minutes until it can be asked there. */
const LOOKS = 30;
/** Milliseconds for a boot. */
const BOOT = 900_000;

/** Single hosts, replaced one after the other: drained first, the next one only when this one is ready. */
export class Roll {
  /** How the host stands that it is at, and what to do if it goes no further. */
  stays: string | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly target: Hosts,
    private readonly options: RollOptions,
    /** Milliseconds at most: for room, for the last call of a host, and for a new host to be ready. */
    private readonly timeout: number,
  ) {}

  /** `current`: hosts that need no replacing; one that a roll has launched before it was cut off may not be ready yet. */
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

  /** Others that have just come need a moment. */
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

  /** A host that is stopped, or was taken away by a roll that was cut off, has no calls. */
  async #reached(host: Host): Promise<Reached[]> {
    const there = (await this.target.list()).find(({ name }) => name === host.name);
    if (there?.state !== "running") return [];
    const found = await reachHosts(this.fleet, [host], this.options);
    if (found.length > 0) return found;
    throw new UserError(`${host.name} is running, but cannot be drained`, {
      hint: `see: sip-proxy doctor FLEET; or end the host, possibly with its calls: sip-proxy terminate FLEET ${host.name}; then run the same command again`,
    });
  }

  /** Unless another roll, of another machine, has done it meanwhile: that host has calls. */
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

  /** What a console has said of a boot of months ago may be there no longer: the host itself is asked first. */
  async #current(host: Host, all: readonly string[]): Promise<void> {
    await this.#mend(host);
    const reached = (await findReached(this.fleet, [host], this.options)).filter(isReached);
    const look = (await lookAtEach(reached)).get(host.name);
    if (look?.ready !== true) await this.#ready(host, all);
  }

  /** What goes wrong, with how the host stands then. */
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
