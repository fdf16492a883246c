import { once } from "node:events";
import { print, talk } from "../cli/talk.js";
import { lookScript, readLook, type HostLook } from "../compute/operate/look.js";
import { viewOf, type Seen, type View } from "../compute/operate/view.js";
import { serveDashboard } from "../do/dashboard/server.js";
import { UsageError, UserError } from "../errors.js";
import { operationsOf } from "../targets/lookup.js";
import type { Reached, Unreached } from "../targets/reach.js";
import type { Fleet } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";
import { answerOf, findReached, isReached, pauseFor, type ReachOptions } from "./reach.js";

export interface DashboardOptions extends ReachOptions {
  port: string;
}

/**
 * Milliseconds. PATIENCE: for a host to answer. FRESH: how long a view is shown before hosts are queried again. LISTED: how long a
 * list of hosts is used. LATELY: how far back refused calls are counted.
 */
const PATIENCE = 10_000;
const FRESH = 1_000;
const LISTED = 15_000;
const LATELY = 60_000;

/** `sip-proxy dashboard FLEET`: serves a page on loopback with the fleet's state, until it is interrupted. An open page queries hosts. */
export async function dashboard(file: string, options: DashboardOptions): Promise<void> {
  const port = Number(options.port);
  if (!/^\d+$/.test(options.port) || port > 65_535)
    throw new UsageError(`${options.port} is not a port`, "--port 8080, or 0 for any");
  const { fleet } = loadFleet(file);
  const watch = new FleetWatch(fleet, options);
  // errors of the first query are printed here, not in the browser
  await watch.look();
  const page = await serveDashboard(port, () => watch.look());
  print(`${page.url}\n`);
  const { port: its } = new URL(page.url);
  talk.note(
    `open this URL in a browser on this machine; from another machine, first run: ssh -L ${its}:127.0.0.1:${its} THIS-MACHINE`,
  );
  await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
  page.close();
}

/** Queries all hosts on demand, at most once a second for all readers together; less often where hosts ask for a longer pause. */
class FleetWatch {
  #now: { at: number; view: Promise<View> } | undefined;
  #places: { at: number; found: (Reached | Unreached)[]; images: Map<string, string> } | undefined;
  /** Counters of refused calls by host, of the last LATELY milliseconds; oldest first. */
  #past: { at: number; refused: Map<string, HostLook["refused"]> }[] = [];

  constructor(
    private readonly fleet: Fleet,
    private readonly options: ReachOptions,
  ) {}

  look(): Promise<View> {
    const fresh = pauseFor(this.#places?.found.filter(isReached) ?? [], FRESH);
    if (this.#now === undefined || Date.now() - this.#now.at > fresh) {
      const view = this.#look();
      this.#now = { at: Date.now(), view };
      // the age of a view counts from its end
      void view.then(
        () => (this.#now = { at: Date.now(), view }),
        () => (this.#now = undefined),
      );
    }
    return this.#now.view;
  }

  async #look(): Promise<View> {
    const { found, images } = await this.#find();
    const seen = await Promise.all(
      found.map(async (one) => ({ image: images.get(one.name), ...(await see(one)) })),
    );
    const at = Date.now();
    this.#past = this.#past.filter((past) => at - past.at < LATELY);
    const refused = new Map(seen.flatMap(({ name, look }) => (look ? [[name, look.refused] as const] : [])));
    this.#past.push({ at, refused });
    return viewOf(this.fleet, seen, at, this.#past[0]?.refused);
  }

  async #find() {
    if (this.#places && Date.now() - this.#places.at < LISTED) return this.#places;
    const found = await findReached(this.fleet, this.fleet.hosts, this.options);
    const images = await this.#images();
    return (this.#places = { at: Date.now(), found, images });
  }

  async #images(): Promise<Map<string, string>> {
    const { target } = this.options;
    if (target === undefined) return new Map();
    const operations = await operationsOf(target);
    const listed = await operations.withHosts(this.fleet, {}, (hosts) => hosts.list());
    return new Map(listed.flatMap(({ name, image }) => (image === undefined ? [] : [[name, String(image)]])));
  }
}

async function see(found: Reached | Unreached): Promise<Seen> {
  const { name } = found;
  if (!isReached(found)) return { name, why: found.why };
  try {
    return { name, look: readLook(answerOf(await found.run(lookScript(), PATIENCE))) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, why: error.message };
  }
}
