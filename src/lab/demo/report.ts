import { print } from "../../cli/talk.js";
import { table } from "../../cli/table.js";
import type { StoredImage } from "../../do/bake/image-store.js";
import type { Leg, Media } from "./calls.js";

export interface DemoReport {
  fleetFile: string;
  image: StoredImage;
  reused: boolean;
  /** Seconds: of the guest's own clock to "ready"; from launch, as seen here, to "ready" and to the first answered call. */
  boots: { host: string; ready: number; wall: number; firstCall: number | undefined }[];
  legs: Leg[];
  media: Media;
}

/** What was done, in one page. */
export function printReport({ image, reused, boots, legs, media, fleetFile }: DemoReport): void {
  const { contents, seconds } = image.manifest;
  const size = "bytes" in image.manifest.image ? mebibytes(image.manifest.image.bytes) : "";
  const how = reused ? `baked earlier, in ${seconds.total} s` : `baked in ${seconds.total} s`;
  const sent = legs.reduce((sum, { rtpSent }) => sum + rtpSent, 0);
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

/** What the bake took, step by step, and the size of the base that the image is an addition to. */
function bakeTimes({ manifest: { seconds, base } }: StoredImage): string {
  const steps = seconds.steps.map(({ title, seconds: spent }) => `${title} ${spent}`);
  const beside = base.bytes === undefined ? "" : `; its base: ${mebibytes(base.bytes)}`;
  return `seconds: ${steps.join(", ")}${beside}`;
}

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
