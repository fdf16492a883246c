import { readdirSync, readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { newBranch, newTag } from "../../../src/lab/sip/identifiers.js";

/** One form of a SIPREC INVITE: a message with {placeholders}, and special features of the call. */
export interface Shape {
  name: string;
  /** The comment lines `# key: value` on top of the file. */
  says: Record<string, string>;
  /** The message; lines end with LF. */
  text: string;
}

const folder = new URL("cases/", import.meta.url);

/** The forms of real platforms and recorders, stored as files. */
export const filedShapes: Shape[] = readdirSync(folder)
  .sort()
  .map((file) => read(file.replace(/\.sip$/, ""), readFileSync(new URL(file, folder), "utf8")));

/** A variant of a stored form, with other features or a text changed by `change`. */
export function formOf(
  filed: string,
  name: string,
  says: Record<string, string>,
  change = (text: string) => text,
): Shape {
  const shape = filedShapes.find((candidate) => candidate.name === filed);
  if (!shape) throw new Error(`no shape ${filed}`);
  const text = change(shape.text);
  return { name, says: { ...shape.says, ...says }, text };
}

function read(name: string, file: string): Shape {
  const lines = file.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("#"));
  const says = lines.slice(0, first).map((line) => /^# ([\w-]+): (.*)$/.exec(line)?.slice(1, 3) ?? ["", ""]);
  return {
    name,
    says: Object.fromEntries(says) as Record<string, string>,
    text: lines.slice(first).join("\n"),
  };
}

/** The values for the placeholders in all messages of a call. */
export interface Values {
  DST: string;
  DSTIP: string;
  SIP: string;
  SPORT: string;
  MIP: string;
  PROTO: string;
  CID: string;
  FTAG: string;
  TOTAG: string;
  [port: `${"RTP" | "RTCP"}${number}`]: string;
}

export function newValues(
  fixed: Pick<Values, "DST" | "DSTIP" | "SIP" | "SPORT" | "MIP" | "PROTO">,
  firstPort: number,
): Values {
  const ports = [0, 1, 2, 3].flatMap((i) => [
    [`RTP${i}`, String(firstPort + 2 * i)],
    [`RTCP${i}`, String(firstPort + 2 * i + 1)],
  ]);
  return {
    ...fixed,
    CID: randomBytes(8).toString("hex"),
    FTAG: newTag(),
    TOTAG: "",
    ...(Object.fromEntries(ports) as object),
  };
}

const crowd = Array.from(
  { length: 330 },
  (_, i) =>
    `<participant participant_id="${Buffer.from(`hs-part-${i}`).toString("base64")}"><nameID aor="sip:listener${i}@platform.example"><name xml:lang="en">Listener ${i} of many</name></nameID></participant>`,
).join("\r\n");

/** The INVITE with its placeholders filled in, a new branch and this CSeq; lines end with CRLF. */
export function written(shape: Shape, values: Values, cseq: number): string {
  const wanted: Record<string, string> = {
    ...values,
    CSEQ: String(cseq),
    BRANCH: newBranch(),
    VER: String(cseq),
    MODE: cseq === 1 ? "complete" : "partial",
    BIG330: crowd,
  };
  const text = shape.text
    .trimEnd()
    .concat("\n")
    .replaceAll("\n", "\r\n")
    .replace(/\{(\w+)\}/g, (whole, name: string) => wanted[name] ?? whole);
  const body = withPartLengths(bodyOf(text));
  return text.slice(0, text.indexOf("\r\n\r\n") + 4).replace("{LEN}", String(Buffer.byteLength(body))) + body;
}

export const bodyOf = (message: string) => message.slice(message.indexOf("\r\n\r\n") + 4);

/** Sets the Content-Length of parts: up to the line end that belongs to the delimiter. */
function withPartLengths(body: string): string {
  const lengthAfter = (placeholder: string) => {
    const start = body.indexOf("\r\n\r\n", body.indexOf(placeholder)) + 4;
    return String(Buffer.byteLength(body.slice(start, body.indexOf("\r\n--", start))));
  };
  return body.replace(/\{(SDP|META)LEN\}/g, (placeholder) => lengthAfter(placeholder));
}

/** A request without a body, in the dialog of an INVITE that was sent. */
export function withoutBody(
  invite: string,
  method: string,
  cseq: number,
  to: { target: string; routes: string[]; tag: string },
): string {
  const header = (name: string) => new RegExp(`^${name}: (.*?)\\r?$`, "m").exec(invite)?.[1] ?? "";
  return [
    `${method} ${to.target} SIP/2.0`,
    `Via: ${header("Via").replace(/branch=[^;]+/, `branch=${newBranch()}`)}`,
    ...to.routes.map((route) => `Route: ${route}`),
    `From: ${header("From")}`,
    `To: ${header("To").replace(/;tag=.*/, "")}${to.tag}`,
    `Call-ID: ${header("Call-ID")}`,
    `CSeq: ${cseq} ${method}`,
    "Max-Forwards: 70",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}
