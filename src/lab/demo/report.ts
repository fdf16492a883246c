import { print } from "../../cli/talk.js";
import { table } from "../../cli/table.js";
import type { StoredImage } from "../../do/bake/image-store.js";
import type { Leg, Media } from "./calls.js";

export interface DemoReport {
  fleetFile: string;
  image: StoredImage;
  reused: boolean;
  /** Seconds: of the guest's own clock to "ready", and from launch to "ready" as seen here. */
  boots: { host: string; ready: number; wall: number }[];
  legs: Leg[];
  media: Media;
}

/** What was done, in one page. */
export function printReport({ image, reused, boots, legs, media, fleetFile }: DemoReport): void {
  const { contents, seconds } = image.manifest;
  const mebibytes = "bytes" in image.manifest.image ? Math.round(image.manifest.image.bytes / 2 ** 20) : 0;
  const how = reused ? `baked earlier, in ${seconds.total} s` : `baked in ${seconds.total} s`;
  const sent = legs.reduce((sum, { rtpSent }) => sum + rtpSent, 0);
  print(`\nimage     ${image.path}\n`);
  print(
    `          ${contents.os}, Kamailio ${contents.kamailio}, ${contents.mediaRelay} ${contents.mediaRelayVersion}, ${mebibytes} MiB, ${how}\n`,
  );
  for (const { host, ready, wall } of boots)
    print(`boot      ${host}: ready ${ready} s after boot, ${wall} s after launch\n`);
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
  print(`\nmedia     ${sent} RTP packets sent, ${media.received} recorded, ${media.lost} lost\n`);
  for (const fault of legs.flatMap(({ proxy, transport, faults }) =>
    faults.map((text) => `${proxy} ${transport}: ${text}`),
  )) {
    print(`FAULT     ${fault}\n`);
  }
  print(
    `\nnext      read ${fleetFile}, then the README: write your own, \`sip-proxy validate\`, \`bake-image\`, \`sip-proxy launch\`\n`,
  );
}
