import { isIP } from "node:net";

export type Direction = "sendonly" | "recvonly" | "sendrecv" | "inactive";

/** A static payload type of G.711 (RFC 3551, 6), 8000 samples/s, one byte each. */
export interface Codec {
  payloadType: number;
  name: string;
}

export const PCMU: Codec = { payloadType: 0, name: "PCMU/8000" };
export const PCMA: Codec = { payloadType: 8, name: "PCMA/8000" };

/** One audio stream; port 0 means that it is refused (RFC 3264, 6). */
export interface SdpStream {
  address: string;
  port: number;
  direction: Direction;
  /** RFC 4574; SIPREC's metadata refers to streams by it. */
  label?: string;
  codecs: Codec[];
}

export interface Sdp {
  /** The session-level address (`c=`). */
  address: string;
  sessionId: number;
  /** Grows by one with each change (RFC 3264, 8). */
  version: number;
  streams: SdpStream[];
  /** Further session-level attributes, such as `nortpproxy:yes`. */
  attributes?: string[];
}

const DIRECTION = /^a=(sendonly|recvonly|sendrecv|inactive)$/;

/** Writes SDP (RFC 8866). Lines end with CRLF; a receiver should take LF alone too (RFC 8866, 5). */
export function writeSdp(sdp: Sdp, end = "\r\n"): string {
  const lines = [
    "v=0",
    `o=lab ${sdp.sessionId} ${sdp.version} IN IP4 ${sdp.address}`,
    "s=lab",
    `c=IN IP4 ${sdp.address}`,
    "t=0 0",
    ...(sdp.attributes ?? []).map((attribute) => `a=${attribute}`),
    ...sdp.streams.flatMap((stream) => streamLines(stream, sdp.address)),
  ];
  return lines.map((line) => line + end).join("");
}

function streamLines(stream: SdpStream, sessionAddress: string): string[] {
  const types = stream.codecs.map((codec) => codec.payloadType).join(" ");
  return [
    `m=audio ${stream.port} RTP/AVP ${types}`,
    ...(stream.address === sessionAddress ? [] : [`c=IN IP4 ${stream.address}`]),
    ...stream.codecs.map((codec) => `a=rtpmap:${codec.payloadType} ${codec.name}`),
    `a=${stream.direction}`,
    ...(stream.label === undefined ? [] : [`a=label:${stream.label}`]),
  ];
}

/** Reads SDP as far as the lab needs it: addresses, ports, directions, labels and codecs of the audio streams. */
export function parseSdp(text: string): Sdp {
  const sections = text.split(/\r?\n(?=m=)/);
  const session = (sections[0] ?? "").split(/\r?\n/);
  const [, sessionId, version] = /^o=\S+ (\d+) (\d+) /.exec(lineOf(session, "o=") ?? "") ?? [];
  if (sessionId === undefined) throw new Error("SDP without an o= line");
  const address = addressOf(session) ?? "";
  const direction = directionOf(session) ?? "sendrecv";
  const media = sections.slice(1).map((section) => section.split(/\r?\n/));
  return {
    address,
    sessionId: Number(sessionId),
    version: Number(version),
    streams: media.map((lines) => parseStream(lines, address, direction)),
    attributes: session.filter((line) => line.startsWith("a=")).map((line) => line.slice(2)),
  };
}

function parseStream(lines: string[], address: string, direction: Direction): SdpStream {
  const match = /^m=\S+ (\d+)(?:\/\d+)? \S+ ([\d ]+)$/.exec(lines[0]?.trimEnd() ?? "");
  if (!match?.[2]) throw new Error(`SDP: ${lines[0] ?? ""}`);
  const label = lineOf(lines, "a=label:")?.slice("a=label:".length);
  return {
    address: addressOf(lines) ?? address,
    port: Number(match[1]),
    direction: directionOf(lines) ?? direction,
    ...(label === undefined ? {} : { label }),
    codecs: match[2].trim().split(/ +/).map(Number).map(codecOf),
  };
}

function codecOf(payloadType: number): Codec {
  return [PCMU, PCMA].find((codec) => codec.payloadType === payloadType) ?? { payloadType, name: "unknown" };
}

function addressOf(lines: string[]): string | undefined {
  const address = lineOf(lines, "c=")?.split(" ")[2]?.split("/")[0];
  if (address !== undefined && isIP(address) === 0) throw new Error(`SDP: no address: ${address}`);
  return address;
}

function directionOf(lines: string[]): Direction | undefined {
  const found = lines.map((line) => DIRECTION.exec(line.trimEnd())?.[1]).find(Boolean);
  return found as Direction | undefined;
}

function lineOf(lines: string[], start: string): string | undefined {
  return lines.find((line) => line.startsWith(start))?.trimEnd();
}

/** The other side's view of a direction (RFC 3264, 6.1). */
export function mirrored(direction: Direction): Direction {
  if (direction === "sendonly") return "recvonly";
  return direction === "recvonly" ? "sendonly" : direction;
}
