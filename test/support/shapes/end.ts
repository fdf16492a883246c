import { StreamFraming } from "../../../src/lab/sip/framing.js";
import {
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from "../../../src/lab/sip/message.js";
import type { Arrival, Sockets } from "./sockets.js";

/** A received SIP message. */
export interface Arrived extends Omit<Arrival, "data"> {
  message: SipMessage;
  text: string;
}

/** How a side answers a request; undefined: not at all. */
type Answer = (request: SipRequest, arrived: Arrived) => string | undefined;

/** One side of calls: stores received messages, and answers requests as configured. Answers retransmissions again. */
export class End {
  readonly arrived: Arrived[] = [];
  /** Number of received RTP and RTCP packets, by socket. */
  readonly packets = new Map<string, number>();
  answer: Answer = () => undefined;
  #waiting = new Set<(arrived: Arrived) => void>();
  #framing = new Map<string, StreamFraming>();

  constructor(
    readonly sockets: Sockets,
    /** The UDP sockets for SIP, in addition to connections. */
    readonly sip: Set<string>,
  ) {
    sockets.onData((arrival) => this.#take(arrival));
  }

  #take(arrival: Arrival): void {
    const { socket, data } = arrival;
    if (this.sip.has(socket)) return data.length > 4 ? this.#heard(arrival) : undefined;
    if (/\//.test(socket) || this.#framing.has(socket)) return this.#read(arrival);
    this.packets.set(socket, (this.packets.get(socket) ?? 0) + 1);
  }

  /** Also splits the data of connections that this side has made into messages. */
  connected(socket: string): void {
    this.#framing.set(socket, new StreamFraming());
  }

  #read(arrival: Arrival): void {
    const framing = this.#framing.get(arrival.socket) ?? new StreamFraming();
    this.#framing.set(arrival.socket, framing);
    for (const data of framing.push(arrival.data).messages) this.#heard({ ...arrival, data });
  }

  #heard({ data, ...arrival }: Arrival): void {
    const arrived = { ...arrival, message: parseMessage(data), text: data.toString("utf8") };
    this.arrived.push(arrived);
    for (const tell of this.#waiting) tell(arrived);
    const answer = arrived.message.kind === "request" ? this.answer(arrived.message, arrived) : undefined;
    if (answer !== undefined) this.sockets.send(arrival.socket, answer, arrival.from);
  }

  /** The first past or future message that matches. */
  async get(what: string, wanted: (arrived: Arrived) => boolean, timeout = 8000): Promise<Arrived> {
    const past = this.arrived.find(wanted);
    if (past) return past;
    return new Promise((resolve, reject) => {
      const tell = (arrived: Arrived) => wanted(arrived) && done(() => resolve(arrived));
      const timer = setTimeout(() => done(() => reject(new Error(`no ${what}`))), timeout);
      const done = (then: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(tell);
        then();
      };
      this.#waiting.add(tell);
    });
  }

  request(method: string, callId: string, cseq?: number): Promise<Arrived> {
    return this.get(
      method,
      ({ message }) => isOf(message, callId, cseq) && message.kind === "request" && message.method === method,
    );
  }

  final(callId: string, cseq: number, method: string): Promise<Arrived> {
    return this.get(
      `answer to ${method}`,
      ({ message }) =>
        isOf(message, callId, cseq) &&
        message.kind === "response" &&
        message.status >= 200 &&
        (message.headers.get("CSeq") ?? "").endsWith(method),
    );
  }
}

function isOf(message: SipMessage, callId: string, cseq?: number): boolean {
  const { headers } = message;
  return (
    headers.get("Call-ID") === callId && (cseq === undefined || parseInt(headers.get("CSeq") ?? "") === cseq)
  );
}

/** A response as text. */
export function response(
  request: SipRequest,
  status: string,
  toTag: string,
  headers: string[],
  body = "",
): string {
  const { headers: asked } = request;
  const copied = ["Via", "Record-Route"].flatMap((name) =>
    asked.all(name).map((value) => `${name}: ${value}`),
  );
  const to = asked.get("To") ?? "";
  return [
    `SIP/2.0 ${status}`,
    ...copied,
    `From: ${asked.get("From")}`,
    `To: ${to}${/;tag=/.test(to) ? "" : `;tag=${toTag}`}`,
    `Call-ID: ${asked.get("Call-ID")}`,
    `CSeq: ${asked.get("CSeq")}`,
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

/** The URI between < and >, or of a value without them. */
export const uriOf = (value: string) => /<([^>]*)>/.exec(value)?.[1] ?? value.split(";")[0] ?? "";

export const statusOf = ({ message }: Arrived) => (message as SipResponse).status;
