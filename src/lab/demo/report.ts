import { print } from "../../cli/talk.js";
import { table } from "../../cli/table.js";
import type { StoredImage } from "../../do/bake/image-store.js";
import type { Leg, Media } from "./calls.js";
import { judge, REAL_TIME_MS, type Late } from "./late.js";

export interface DemoReport {
  fleetFile: string;
  image: StoredImage;
  reused: boolean;
  /** Seconds: from boot to "ready" by the guest's clock; from launch to "ready" and to the first answered call, by this machine's. */
  boots: { host: string; ready: number; wall: number; firstCall: number | undefined }[];
  legs: Leg[];
  media: Media;
  late: Late[];
}

/** All faults. */
export function faultsOf({ boots, legs, media }: Pick<DemoReport, "boots" | "legs" | "media">): string[] {
  const sent = packetsSent(legs);
  return [
    ...boots
      .filter(({ firstCall }) => firstCall === undefined)
      .map(({ host }) => `${host}: its first call was not answered`),
    ...legs.flatMap(({ proxy, transport, faults }) => faults.map((text) => `${proxy} ${transport}: ${text}`)),
    ...(media.received < sent ? [`${sent - media.received} of ${sent} RTP packets were not recorded`] : []),
  ];
}

const packetsSent = (legs: readonly Leg[]) => legs.reduce((sum, { rtpSent }) => sum + rtpSent, 0);

/** The report, on one page. */
export function printReport(report: DemoReport): void {
  const { image, reused, boots, legs, media, fleetFile } = report;
  const { contents, seconds } = image.manifest;
  const size = "bytes" in image.manifest.image ? mebibytes(image.manifest.image.bytes) : "";
  const how = reused ? `baked earlier, in ${seconds.total} s` : `baked in ${seconds.total} s`;
  print(`\nimage     ${image.path}\n`);
  print(
    `          ${contents.os}, Kamailio ${contents.kamailio}, ${contents.mediaRelay} ${contents.mediaRelayVersion}, ${size}, ${how}\n`,
  );
  print(`          ${bakeTimes(image)}\n`);
  for (const { host, ready, wall, firstCall } of boots) {
    const call =
      firstCall === undefined ? "its first call was not answered" : `first call answered at ${firstCall} s`;
    print(`boot      ${host}: ready ${ready} s after boot, ${wall} s after launch; ${call}\n`);
  }
  print("\n");
  print(
    table(
      ["proxy", "transport", "calls", "answered", "recorder0", "recorder1"],
      legs.map((leg) => [
        leg.proxy,
        leg.transport,
        String(leg.placed),
        String(leg.answered),
        String(leg.recorders["recorder0"] ?? 0),
        String(leg.recorders["recorder1"] ?? 0),
      ]),
    ),
  );
  print(
    `\nmedia     ${packetsSent(legs)} RTP packets sent, ${media.received} recorded, ${media.lost} lost\n`,
  );
  printFaults(faultsOf(report), report.late);
  print(
    `\nfleet     ${fleetFile}: for this demonstration only; its network has been removed\nnext      write your own fleet file as README.md describes, then run \`sip-proxy validate\`, \`bake-image\`, \`sip-proxy launch\`\n`,
  );
}

function printFaults(faults: readonly string[], late: readonly Late[]): void {
  const verdict = judge(faults, late);
  if (verdict.kind === "too slow") {
    const held = verdict.late.map(({ who, ms }) => `${who} was delayed by ${ms} ms`).join(", ");
    print(
      `\nTOO SLOW  this machine was too slow, or too busy, for media in real time (${REAL_TIME_MS} ms):\n`,
    );
    print(`          ${held}. These failures say nothing about the proxies:\n`);
  }
  for (const fault of faults) print(`${verdict.kind === "too slow" ? "late " : "FAULT"}     ${fault}\n`);
}

/** The duration of each step of the bake. */
function bakeTimes({ manifest: { seconds } }: StoredImage): string {
  return `seconds: ${seconds.steps.map(({ title, seconds: spent }) => `${title} ${spent}`).join(", ")}`;
}

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
