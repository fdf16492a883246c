import type { Step } from "../cli/steps.js";
import type { TableRow } from "../compute/dispatcher/diff.js";
import type { DrainChoices } from "../compute/dispatcher/drain.js";
import { LastCalls, type CallsLeft } from "../compute/operate/last-calls.js";
import type { HostLook } from "../compute/operate/look.js";
import { shellQuote } from "../compute/quote/shell.js";
import { asKamailio } from "../do/database/connect.js";
import { secretReader } from "../do/secrets.js";
import { UserError } from "../errors.js";
import type { Reached } from "../targets/reach.js";
import type { Fleet } from "../understand/fleet.js";
import { drainSqlOf, lookAtEach, states } from "./dispatcher.js";
import { pauseFor } from "./reach.js";
import { untilClear, type Tell } from "../do/wait.js";

/** Milliseconds, in addition to dispatcher_poll, for a host to apply a change of the table. */
const GRACE = 30_000;

/** Drains the rows of a recorder, or returns them to service. */
export class Drain {
  left: CallsLeft[] = [];
  readonly #counters: Map<string, LastCalls>;

  constructor(
    private readonly fleet: Fleet,
    private readonly file: string,
    private readonly rows: readonly TableRow[],
    private readonly hosts: readonly Reached[],
  ) {
    this.#counters = new Map(hosts.map(({ name }) => [name, new LastCalls(name, rows)]));
  }

  /** `timeout`: milliseconds; `force`: drain even the last recorder of a set. */
  steps(timeout: number, force = false): Step[] {
    return [
      { title: "no new calls, in the dispatcher table", run: () => this.#write({ force }) },
      { title: "every host has it", run: (tell) => this.#applied(true, tell) },
      { title: "the last call ends", run: (tell) => this.#lastCalls(timeout, tell) },
    ];
  }

  undoSteps(): Step[] {
    return [
      { title: "in service, in the dispatcher table", run: () => this.#write({ undo: true }) },
      ...(this.hosts.length === 0
        ? []
        : [
            {
              title: "every host has it",
              run: (tell: Tell) => this.#applied(false, tell),
            },
          ]),
    ];
  }

  /** Hosts that did not report how many calls are left. */
  missing(): string[] {
    return this.hosts
      .map(({ name }) => name)
      .filter((name) => !this.left.some(({ host, calls }) => host === name && calls !== undefined));
  }

  #write(choices: DrainChoices) {
    return asKamailio(this.fleet.database, secretReader(this.file), (client) =>
      client.query(drainSqlOf(this.rows, choices)),
    );
  }

  /** Waits until hosts have applied the table. A host that keeps its own state, as earlier releases do, gets the new one by kamcmd. */
  async #applied(out: boolean, tell: Tell): Promise<void> {
    const polls = Math.max(...this.fleet.hosts.map(({ settings }) => settings.dispatcher_poll));
    const timeout = polls * 1000 + GRACE;
    const deadline = Date.now() + timeout;
    const look = async () => {
      const told = Date.now() > deadline - GRACE / 2 ? this.#commands(out) : [];
      const looks = await lookAtEach(this.hosts, told);
      const behind = [...looks].filter(([, each]) => !this.#has(each, out)).map(([name]) => name);
      return behind.join(", ");
    };
    const late = (behind: string) =>
      new UserError(`the table has the change, but these hosts have not applied it: ${behind}`, {
        hint: "see on these hosts: journalctl -u sip-proxy-dispatcher-sync",
      });
    const pause = pauseFor(this.hosts);
    await untilClear(look, { timeout, pause, tell: (behind) => tell(`not yet on ${behind}`), late });
  }

  #has({ targets }: HostLook, out: boolean): boolean {
    return this.rows.every((row) => {
      const target = targets.find(({ set, uri }) => set === row.setid && uri === row.destination);
      const isOut = target === undefined || target.flags.startsWith("D");
      return out ? isOut : target !== undefined && !isOut;
    });
  }

  #commands(out: boolean): string[] {
    return this.rows.map(({ setid, destination }) =>
      ["kamcmd", "dispatcher.set_state", out ? states.disabled : states.active, String(setid), destination]
        .map(shellQuote)
        .join(" "),
    );
  }

  async #lastCalls(timeout: number, tell: Tell): Promise<void> {
    // if no other recorder is available, hosts try one that answered OPTIONS lately: remove the drained one from that list
    const forget = this.rows.map(
      ({ destination }) => `kamcmd htable.delete pongs ${shellQuote(destination)} >/dev/null 2>&1`,
    );
    const look = async () => {
      const looks = await lookAtEach(this.hosts, forget);
      this.left = [...looks].flatMap(([name, each]) => this.#counters.get(name)?.count(each) ?? []);
      return leftText(this.left);
    };
    const late = (left: string) =>
      new UserError(`calls are still up after ${timeout / 1000} s: ${left}`, {
        hint: "the recorder gets no new calls; run the same command again to keep waiting",
      });
    await untilClear(look, { timeout, pause: pauseFor(this.hosts), tell, late });
  }
}

function leftText(left: readonly CallsLeft[]): string {
  return left
    .filter(({ calls }) => calls !== 0)
    .map(
      ({ host, calls, note }) => `${host} ${calls ?? "not known"}${note === undefined ? "" : ` (${note})`}`,
    )
    .join(", ");
}
