import { startPlatform, type CallResult } from "../agents.js";
import type { Transport } from "../sip/uri.js";
import { demo } from "./addresses.js";
import type { DemoWorld } from "./world.js";

/** What calls through one proxy over one transport came to. */
export interface Leg {
  proxy: string;
  transport: Transport;
  placed: number;
  answered: number;
  /** Calls by the recorder that took them. */
  recorders: Record<string, number>;
  /** Everything that was not as it must be. */
  faults: string[];
  rtpSent: number;
}

/** What the recorders counted over all calls. */
export interface Media {
  received: number;
  lost: number;
}

const callsPerLeg = 5;

/** Places calls through every proxy, over UDP and TCP, each with two RTP streams and a re-INVITE, and looks at all of it. */
export async function placeCalls(
  world: DemoWorld,
  tell: (detail: string) => void,
  proxies: readonly string[] = Object.keys(demo.proxies),
): Promise<{ legs: Leg[]; media: Media }> {
  const legs: Leg[] = [];
  for (const [proxy, { public_ip_address }] of Object.entries(demo.proxies)) {
    if (!proxies.includes(proxy)) continue;
    for (const transport of ["udp", "tcp"] as const) {
      tell(`${proxy} at ${public_ip_address} over ${transport}`);
      legs.push(await placeLeg(world, proxy, public_ip_address, transport));
    }
  }
  return { legs, media: await countMedia(world) };
}

/** Places one call to the address of a proxy that has just come; resolves with whether it was answered. */
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

async function placeLeg(
  world: DemoWorld,
  proxy: string,
  address: string,
  transport: Transport,
): Promise<Leg> {
  const platform = await startPlatform(world.network.namespace("platform"), {
    type: "calls",
    localAddress: demo.platform,
    targets: [{ transport, address, port: 5080 }],
    calls: callsPerLeg,
    rate: 5,
    holdMs: 3000,
    reinvite: "once",
  });
  const { calls } = await platform.finished;
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
  };
}

/** The platform must be told the proxy's public address, for media and for the requests that follow. */
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

async function countMedia(world: DemoWorld): Promise<Media> {
  // packets under way when a call ended are still counted for a moment
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const totals = await Promise.all([...world.recorders.values()].map((recorder) => recorder.totals()));
  return {
    received: totals.reduce((sum, { rtpPackets }) => sum + rtpPackets, 0),
    lost: totals.reduce((sum, { rtpLost }) => sum + rtpLost, 0),
  };
}
