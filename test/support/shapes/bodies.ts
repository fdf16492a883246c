import { bodyOf } from "./shape.js";

/** An SDP text by its sections: the session's and each stream's, as lines. */
export const sectionsOf = (sdp: string) =>
  sdp.split(/\r?\n(?=m=)/).map((section) => section.trimEnd().split(/\r?\n/));

/** The text around the SDP of a body, and the SDP without its last line end. */
export function around(body: string): { before: string; sdp: string; after: string } | undefined {
  const start = /(?:^|\n)(v=0\r?\n)/.exec(body);
  if (!start) return undefined;
  const from = start.index + (start[0].length - (start[1]?.length ?? 0));
  const sdp = /^(?:[a-z]=[^\r\n]*(?:\r?\n|$))+/.exec(body.slice(from))?.[0] ?? "";
  return { before: body.slice(0, from), sdp: sdp.trimEnd(), after: body.slice(from + sdp.length) };
}

const onHold = "c=IN IP4 0.0.0.0";

/** Whether a stream is on hold by its address. */
export const held = (section: string[] = []) => section.includes(onHold);

const ice = /^a=(candidate|ice-|remote-candidates|end-of-candidates|rtcp:)/;

/** Faults of a body that the proxy has forwarded, compared with the sent one. */
export function changes(sent: string, seen: string, relay: string, foreign: RegExp): string[] {
  const problems: string[] = [];
  const there = around(bodyOf(seen));
  const here = around(bodyOf(sent));
  if (!there || !here) return ["no SDP"];
  const length = (headers: string) => /content-length:[ \t]*(\d+)/i.exec(headers)?.[1];
  const withoutLength = (text: string) => text.replace(/(content-length:[ \t]*)\d+/gi, "$1N");
  if (withoutLength(there.before) !== withoutLength(here.before))
    problems.push("what is before the SDP has changed");
  if (there.after.replace(/^\r\n/, "") !== here.after.replace(/^\r\n/, ""))
    problems.push("what is after the SDP has changed");
  const partHeaders = there.before.slice(there.before.lastIndexOf("--"));
  const announced = length(partHeaders);
  if (announced !== undefined && ![0, 2].includes(Number(announced) - Buffer.byteLength(there.sdp)))
    problems.push(
      `the part's Content-Length is ${announced}, the SDP has ${Buffer.byteLength(there.sdp)} bytes`,
    );
  if (contentType(seen) !== contentType(sent)) problems.push(`Content-Type: ${contentType(seen)}`);
  return [...problems, ...sdpChanges(here.sdp, there.sdp, relay, foreign)];
}

const contentType = (message: string) =>
  /^(?:content-type|c)[ \t]*:[ \t]*(.*(?:\r\n[ \t].*)*)/im.exec(message)?.[1]?.replace(/\r\n[ \t]+/g, " ");

function sdpChanges(sent: string, seen: string, relay: string, foreign: RegExp): string[] {
  const there = sectionsOf(seen);
  const here = sectionsOf(sent);
  const problems = here.flatMap((section, i) =>
    section
      .filter((line) => line.startsWith("a=") && !ice.test(line) && !there[i]?.includes(line))
      .map((line) => `lost in stream ${i}: ${line}`),
  );
  if (foreign.test(seen)) problems.push(`names ${foreign.exec(seen)?.[0]}: ${seen}`);
  if (/^a=(candidate|ice-|oldmediaip)/m.test(seen)) problems.push("candidates or oldmediaip");
  for (const [i, section] of there.entries()) {
    if (i === 0 || /^m=\S+ 0[ /]/.test(section[0] ?? "")) continue;
    const address = [...section, ...(there[0] ?? [])].find((line) => line.startsWith("c="));
    const wanted = held(here[i]) ? onHold : `c=IN IP4 ${relay}`;
    if (address !== wanted) problems.push(`${section[0]}: ${address}`);
  }
  return problems;
}

/** A recorder's answer, with its special features. */
export function answerTo(
  sdp: string,
  says: Record<string, string>,
  address: string,
  port: (stream: number) => number,
): string {
  const inMedia = says["answer"] === "media-c";
  const c = `c=IN IP4 ${address}`;
  const candidates = (i: number) =>
    says["answer"] === "ice"
      ? [
          `a=candidate:1 1 UDP 2130706431 ${address} ${port(i)} typ host`,
          `a=candidate:1 2 UDP 2130706430 ${address} ${port(i) + 1} typ host`,
        ]
      : [];
  const streams = sectionsOf(sdp)
    .slice(1)
    .flatMap((section, i) => {
      const [, kind = "", , types = ""] = /^m=(\S+) (\d+)\S* \S+ (.*)$/.exec(section[0] ?? "") ?? [];
      const refused = kind === says["refuse"];
      const label = section.filter((line) => line.startsWith("a=label:"));
      if (refused)
        return [`m=${kind} 0 RTP/AVP ${types}`, ...(inMedia && says["refused-c"] !== "none" ? [c] : [])];
      return [
        `m=${kind} ${port(i)} RTP/AVP ${types.split(" ")[0]}`,
        ...(inMedia ? [c] : []),
        ...candidates(i),
        "a=recvonly",
        ...label,
      ];
    });
  const ufrag = says["answer"] === "ice" ? ["a=ice-ufrag:srsu", "a=ice-pwd:srspasswordsrspasswords1"] : [];
  return [
    "v=0",
    `o=srs 7 1 IN IP4 ${address}`,
    "s=-",
    ...(inMedia ? [] : [c]),
    "t=0 0",
    ...ufrag,
    ...streams,
    "",
  ].join("\r\n");
}
