import { setTimeout as sleep } from "node:timers/promises";
import { startPlatform, type CallResult, type Platform } from "../agents.js";
import type { Transport } from "../sip/uri.js";
import { demo } from "./addresses.js";
import type { Late } from "./late.js";
import type { DemoWorld } from "./world.js";

/** The result of calls through one proxy over one transport. */
export interface Leg {
  proxy: string;
  transport: Transport;
  placed: number;
  answered: number;
  /** Number of calls by recorder. */
  recorders: Record<string, number>;
  /** All faults. */
  faults: string[];
  rtpSent: number;
  /** How long the machine delayed this leg's platform, in milliseconds. */
  lateMs: number;
}

/** Totals of the recorders over all calls. */
export interface Media {
  received: number;
  lost: number;
}

const callsPerLeg = 5;

/**
 * Places calls through every proxy, over UDP and TCP, each with two RTP streams and a re-INVITE, and checks everything. The proxies get
 * calls at the same time, and TCP calls begin while UDP calls are still up.
 */
export async function placeCalls(
  world: DemoWorld,
  tell: (detail: string) => void,
  proxies: readonly string[] = Object.keys(demo.proxies),
): Promise<{ legs: Leg[]; media: Media; late: Late[] }> {
  const recorders = [...world.recorders];
  for (const [, recorder] of recorders) await recorder.forget();
  const called = Object.entries(demo.proxies).filter(([proxy]) => proxies.includes(proxy));
  const placed = await Promise.all(
    called.map(async ([proxy, { public_ip_address }]) => {
      const legs: Promise<Leg>[] = [];
      for (const transport of ["udp", "tcp"] as const) {
        tell(`${proxy} at ${public_ip_address} over ${transport}`);
        const platform = await startLeg(world, public_ip_address, transport);
        legs.push(followLeg(platform, proxy, public_ip_address, transport));
        // recorders are used in turn: simultaneous calls of both transports would use one recorder each
        await platform.allPlaced();
      }
      return Promise.all(legs);
    }),
  );
  const legs = placed.flat();
  const media = await countMedia(
    world,
    legs.reduce((sum, { rtpSent }) => sum + rtpSent, 0),
  );
  const late = [
    { who: "the platform", ms: Math.max(0, ...legs.map(({ lateMs }) => lateMs)) },
    ...(await Promise.all(
      recorders.map(async ([who, recorder]) => ({ who, ms: (await recorder.totals()).lateMs })),
    )),
  ];
  return { legs, media, late };
}

/** Places one call to the address of a proxy that has just become ready; resolves with whether it was answered. */
export async function firstCall(world: DemoWorld, address: string): Promise<boolean> {
  const platform = await startPlatform(world.network.namespace("platform"), {
    type: "calls",
    localAddress: demo.platform,
    // beside the first calls of other proxies
    sipPort: 0,
    targets: [{ transport: "udp", address, port: 5080 }],
    calls: 1,
    holdMs: 0,
    rtp: { rate: 0 },
  });
  const { summary } = await platform.finished;
  return summary.outcomes.ok === 1;
}

function startLeg(world: DemoWorld, address: string, transport: Transport): Promise<Platform> {
  return startPlatform(world.network.namespace("platform"), {
    type: "calls",
    localAddress: demo.platform,
    // beside the other legs
    sipPort: 0,
    targets: [{ transport, address, port: 5080 }],
    calls: callsPerLeg,
    rate: 5,
    holdMs: 3000,
    reinvite: "once",
  });
}

async function followLeg(
  platform: Platform,
  proxy: string,
  address: string,
  transport: Transport,
): Promise<Leg> {
  const { calls, summary } = await platform.finished;
  const recorders: Record<string, number> = {};
  for (const { answeredBy } of calls)
    if (answeredBy) recorders[answeredBy] = (recorders[answeredBy] ?? 0) + 1;
  return {
    proxy,
    transport,
    placed: calls.length,
    answered: calls.filter(({ outcome }) => outcome === "ok").length,
    recorders,
    faults: calls.flatMap((call) => callFaults(call, address)),
    rtpSent: calls.flatMap(({ rtp }) => rtp).reduce((sum, { packets }) => sum + packets, 0),
    lateMs: summary.lateMs,
  };
}

/** The platform must get the proxy's public address, for media and for later requests. */
function callFaults(call: CallResult, publicAddress: string): string[] {
  const wrongMedia = call.answer.filter(({ address }) => address !== publicAddress);
  const nextHop = call.recordRoutes.at(-1) ?? "";
  return [
    ...(call.outcome === "ok" ? [] : [`call ${call.index}: ${call.outcome} (${call.finalStatus})`]),
    ...call.errors.map((error) => `call ${call.index}: ${error}`),
    ...wrongMedia.map(({ address }) => `call ${call.index}: media was answered at ${address}`),
    ...(call.recordRoutes.length === 0 || nextHop.includes(publicAddress)
      ? []
      : [`call ${call.index}: Record-Route is ${nextHop}`]),
    ...call.reinvites
      .filter(({ status }) => status !== 200)
      .map(({ status }) => `call ${call.index}: re-INVITE got ${status}`),
    ...(call.byeStatus === 200 || call.outcome !== "ok"
      ? []
      : [`call ${call.index}: BYE got ${call.byeStatus}`]),
  ];
}

/** Waits for packets that were on the way when a call ended: until all sent packets are counted, or none has arrived for a second. */
async function countMedia(world: DemoWorld, sent: number): Promise<Media> {
  for (let before = -1; ;) {
    const totals = await Promise.all([...world.recorders.values()].map((recorder) => recorder.totals()));
    const received = totals.reduce((sum, { rtpPackets }) => sum + rtpPackets, 0);
    const lost = totals.reduce((sum, { rtpLost }) => sum + rtpLost, 0);
    if (received >= sent || received === before) return { received, lost };
    before = received;
    await sleep(1000);
  }
}
