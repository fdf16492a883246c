import type { CallResult } from "../../../src/lab/agents.js";
import { kinds, pause, type CallLab, type Relay } from "../../support/call-lab.js";
import { crowd } from "../../support/crowd.js";
import { proxiesWith } from "../../support/proxies.js";
import { systemctl } from "../../support/proxy/systemctl.js";
import { figure, none } from "../figures.js";
import { recorders, withLab } from "../lab.js";
import type { Row } from "../row.js";

const minutes = Number(process.env["MIX_MINUTES"] ?? 20);
const rate = 20;
/** Seconds between two events. */
const every = 10;
const dead = "recorder2";
const silent = { rtp: { rate: 0 }, sipPort: 0 };

/** A fault beside the calls. Returns how many of the event's own calls had a wrong end. */
type Event = (lab: CallLab, relay: Relay) => Promise<number>;

const events: Record<string, Event> = {
  "a relay hangs": async (lab, relay) => {
    const one = relay === "rtpproxy" ? ":7722 " : "";
    await lab.proxy().hang(relay, true, one);
    await pause(4000);
    await lab.proxy().hang(relay, false, one);
    return 0;
  },
  "calls that no recorder serves": async (lab) => {
    const calls = 5;
    const headers: [string, string][] = [["X-Unservable", "yes"]];
    const { summary } = await lab.calls({ ...silent, calls, rate: 5, headers });
    return calls - (summary.byStatus["503"] ?? 0);
  },
  "a stranger's idle connections": async (lab) => {
    await crowd(lab, { connections: 2000, rate: 1000, holdMs: 3000 });
    return 0;
  },
  "answers with Record-Route": async (lab) => {
    const answerHeaders: [string, string][] = [["Record-Route", "<sip:203.0.113.10:5060;lr>"]];
    const platform = await lab.place({ ...silent, calls: 4, rate: 20, holdMs: null, answerHeaders });
    await platform.allPlaced();
    const asked = platform.events.flatMap((event) => (event.event === "answered" ? [event] : []));
    for (const { callId, answeredBy } of asked) await lab.recorder(answeredBy).reinvite(callId);
    await platform.byeAll();
    return 4 - (await platform.finished).summary.outcomes.ok;
  },
  "sessions that nobody ends": async (lab) => {
    const platform = await lab.place({ ...silent, calls: 4, rate: 20, holdMs: null });
    await platform.allPlaced();
    platform.freeze(true);
    return 0;
  },
  "calls that move to the other proxy": async (lab) => {
    const platform = await lab.place({ ...silent, calls: 4, rate: 20, holdMs: null });
    await platform.allPlaced();
    await platform.moveAll(lab.target("udp", "sipproxy1"));
    await platform.reinviteAll();
    await platform.byeAll();
    return 4 - (await platform.finished).summary.outcomes.ok;
  },
  "a recorder is dead": async (lab) => {
    lab.recorder(dead).freeze(true);
    await pause(6000);
    lab.recorder(dead).freeze(false);
    return 0;
  },
};

/** Calls of all kinds of platforms through two proxies; every few seconds, a fault occurs that is not caused by them. */
export const mix: Row = {
  name: "mix",
  test: `${minutes} minutes at ${rate} calls/s from all kinds of platforms, every ${every} s one of: ${Object.keys(events).join(", ")}`,
  toHold: "0 calls of others lost",
  run: (relay) =>
    withLab(
      relay,
      {
        settings: {
          dialog_secret: "0123456789abcdef0123456789abcdef",
          enable_tls: true,
          rtp_timeout: 60,
        },
        proxies: proxiesWith({ sipproxy0: {}, sipproxy1: {} }),
        recorders: recorders(3),
      },
      (lab) => beside(lab, relay),
      { files: [systemctl] },
    ),
};

async function beside(lab: CallLab, relay: Relay) {
  for (const recorder of lab.recorders.values()) await recorder.behave({ unservable: 500 });
  for (const proxy of lab.proxies.values())
    for (const watch of ["relay-watch", "call-watch"] as const) proxy.startWatch(watch);
  const seconds = minutes * 60;
  const platforms = await Promise.all(
    others.map(({ from, transport, job }) => {
      const each = rate / others.length;
      const targets = [lab.target(transport, "sipproxy0"), lab.target(transport, "sipproxy1")];
      const calls = Math.round(each * seconds);
      const usual = { rate: each, calls, holdMs: 2000, rtp: { rate: 5 }, sipPort: 0, quiet: true };
      return lab.place({ ...usual, targets, ...job }, from);
    }),
  );
  const wrong = Object.fromEntries(Object.keys(events).map((title) => [title, 0]));
  const until = Date.now() + seconds * 1000;
  let count = 0;
  while (Date.now() + every * 1000 <= until) {
    for (const [title, event] of Object.entries(events)) {
      if (Date.now() + every * 1000 > until) break;
      const [failed] = await Promise.all([event(lab, relay), pause(every * 1000)]);
      wrong[title] = (wrong[title] ?? 0) + failed;
      count++;
    }
  }
  const reports = await Promise.all(platforms.map((platform) => platform.finished));
  const bad = reports.flatMap(({ calls }) => calls);
  const theDead = bad.filter(heldByTheDead);
  for (const call of bad) console.error(described(call));
  const sum = (of: (report: (typeof reports)[number]) => number) =>
    reports.reduce((all, report) => all + of(report), 0);
  return [
    figure("events", count, "", { atLeast: 1 }),
    figure(
      "calls",
      sum(({ summary }) => summary.placed),
      "",
      { atLeast: 1 },
    ),
    none("of others lost", bad.length - theDead.length),
    figure("ended badly at the dead recorder", theDead.length),
    figure("set-up p99", Math.max(...reports.map(({ summary }) => summary.setUpMs.p99)), "ms"),
    figure("max", Math.max(...reports.map(({ summary }) => summary.setUpMs.max)), "ms"),
    figure("the machine late", Math.max(...reports.map(({ summary }) => summary.lateMs)), "ms"),
    ...Object.entries(wrong).map(([title, failed]) => none(`${title}: ended otherwise`, failed)),
  ];
}

const others: typeof kinds = [
  ...kinds,
  { title: "public addresses, TLS", from: "platform", transport: "tls", job: {} },
];

/** The recorder answered the call before it died. */
const heldByTheDead = ({ outcome, answeredBy }: CallResult) => outcome === "broken" && answeredBy === dead;

const described = ({ index, callId, outcome, attempts, answeredBy, errors }: CallResult) =>
  `  call ${index} ${callId}: ${outcome}, ${answeredBy || "-"}; ${attempts.map(({ status, why }) => `${status} ${why ?? ""}`).join(", ")}; ${errors.join(", ")}`;
