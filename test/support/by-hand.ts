import type { CallLab } from "./call-lab.js";

interface Request {
  branch?: string;
  number: number;
  /** The Request-URI; the recorder's Contact by default. */
  uri?: string;
  routed?: boolean;
  /** The route set by default. */
  routes?: string[];
  headers?: string;
  body?: string;
}

/** A call without a program: tests write its messages themselves. */
export async function placeByHand(lab: CallLab) {
  const callId = `${Date.now()}@by-hand`;
  const ends = ["From: <sip:platform@203.0.113.10>;tag=by-hand", `Call-ID: ${callId}`];
  const head = (method: string, uri: string, branch: string, number: number) => [
    `${method} ${uri} SIP/2.0`,
    // equal in a request and its ACK, even from different sources
    `Via: SIP/2.0/UDP {address}:5060;branch=${branch};rport`,
    ...ends,
    `CSeq: ${number} ${method}`,
  ];
  const sdp =
    "v=0\r\no=- 1 1 IN IP4 203.0.113.10\r\ns=-\r\nc=IN IP4 203.0.113.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n";
  const invite = [
    ...head("INVITE", "sip:recorder@198.51.100.10:5080", "z9hG4bK-by-hand", 1),
    "To: <sip:recorder@198.51.100.10>",
    "Contact: <sip:platform@{address}:{port}>",
    "Max-Forwards: 70",
    "Content-Type: application/sdp",
    "",
    sdp,
  ].join("\r\n");
  const answers = await lab.send({ text: invite }, "platform", { until: "SIP/2.0 200" });
  const answer = answers.find((text) => text.startsWith("SIP/2.0 200")) ?? "";
  const values = (name: string) =>
    [...answer.matchAll(new RegExp(`^${name}: (.*?)\\r?$`, "gm"))].map(([, value = ""]) => value);
  const recorder = /<(.*?)>/.exec(values("Contact")[0] ?? "")?.[1] ?? "";
  const routes = values("Record-Route")
    .flatMap((value) => value.split(/, */))
    .reverse();
  const request = (method: string, asked: Request) =>
    [
      ...head(method, asked.uri ?? recorder, asked.branch ?? "{branch}", asked.number),
      ...(asked.routed === false ? [] : (asked.routes ?? routes).map((route) => `Route: ${route}`)),
      `To: ${values("To")[0]}`,
      asked.headers ?? "Max-Forwards: 70",
      ...(asked.headers?.includes("Content-Length") ? [] : [`Content-Length: ${asked.body?.length ?? 0}`]),
      "",
      asked.body ?? "",
    ].join("\r\n");
  await lab.send({ text: request("ACK", { number: 1 }) });
  return { callId, recorder, routes, request };
}
