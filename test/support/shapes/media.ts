import { callers, pause } from "../call-lab.js";
import { held, sectionsOf } from "./bodies.js";
import type { End } from "./end.js";
import { recorderAddress, type Ends } from "./ends.js";

interface Target {
  stream: number;
  to: { address: string; port: number };
  packet: Buffer;
}

/** The sockets of a call's streams on both sides: RTP and RTCP of each. */
export class Media {
  readonly #streams: string[][] = [];
  readonly #opened: { end: End; socket: string }[] = [];

  private constructor(private readonly ends: Ends) {}

  /** `ports`: the first of as many as an SDP has streams, twice; `from`: where the platform sends from, when that is another address. */
  static async open(
    ends: Ends,
    sdp: string,
    ports: number,
    from: string = callers.platform.address,
  ): Promise<Media> {
    const media = new Media(ends);
    const streams = sectionsOf(sdp).length - 1;
    for (let port = ports; port < ports + 2 * streams; port++) {
      const here = await ends.platform.sockets.udp(from, port);
      const there = await ends.recorder.sockets.udp(recorderAddress, port);
      media.#opened.push({ end: ends.platform, socket: here }, { end: ends.recorder, socket: there });
      media.#streams.push([here, there]);
    }
    return media;
  }

  close(): void {
    for (const { end, socket } of this.#opened) end.sockets.close(socket);
  }

  /** Sends RTP and RTCP on every stream that is neither refused nor on hold; returns what does not arrive. */
  async missing(answer: string, offer: string): Promise<string[]> {
    const { platform, recorder } = this.ends;
    const all = targets(answer, offer);
    const before = new Map(recorder.packets);
    const socket = (stream: number, end: 0 | 1) => this.#streams[stream]?.[end] ?? "";
    const count = (packets: ReadonlyMap<string, number>, stream: number) => packets.get(socket(stream, 1));
    const left = () => all.filter(({ stream }) => count(recorder.packets, stream) === count(before, stream));
    for (let round = 0; round < 100 && left().length > 0; round++) {
      for (const { stream, to, packet } of all) platform.sockets.send(socket(stream, 0), packet, to);
      await pause(20);
    }
    return left().map(
      ({ stream }) => `${stream % 2 ? "RTCP" : "RTP"} of stream ${stream >> 1} does not arrive`,
    );
  }
}

/** The addresses in an answer for the packets of accepted streams. */
function targets(answer: string, offer: string): Target[] {
  const [session = [], ...sections] = sectionsOf(answer);
  const offered = sectionsOf(offer);
  return sections.flatMap((section, i) => {
    const port = Number(/^m=\S+ (\d+)/.exec(section[0] ?? "")?.[1]);
    if (port === 0 || held(offered[i + 1])) return [];
    const line = (start: string, lines: string[]) => lines.find((text) => text.startsWith(start)) ?? "";
    const rtcp = Number(/^a=rtcp:(\d+)/.exec(line("a=rtcp:", section))?.[1] ?? port + 1);
    const address = /^c=IN IP4 (\S+)/.exec(line("c=", [...section, ...session]))?.[1] ?? "";
    return [
      { stream: 2 * i, to: { address, port }, packet: rtp },
      { stream: 2 * i + 1, to: { address, port: rtcp }, packet: rtcpReport },
    ];
  });
}

const rtp = Buffer.concat([Buffer.from("8000000100000050deadbeef", "hex"), Buffer.alloc(160, 0xd5)]);
const rtcpReport = Buffer.from("80c80006deadbeef0000000000000000000000000000000000000000", "hex");
