import type { ReceivedStream } from "../rtp/receiver.js";
import type { Direction } from "../sdp.js";
import type { Timers } from "../sip/timers.js";
import type { TlsMaterial } from "../sip/stream.js";
import type { Hop, Transport } from "../sip/uri.js";

/** Answer normally, do not answer, or answer with this final status (300 to 699). */
export type Reaction = "answer" | "silent" | number;

/** `trying-then-silent`: only 100. */
export type InviteReaction = Reaction | "trying-then-silent";

/** The recorder's behaviour, which can be changed while it runs. */
export interface Behaviour {
  invite: InviteReaction;
  /** The answer to INVITEs with a header `X-Unservable`: calls that a recorder cannot serve, among others that it can. */
  unservable: InviteReaction;
  /** The URI in the Contact of a 3xx to an INVITE. */
  redirectTo: string;
  reinvite: Reaction;
  bye: Reaction;
  options: Reaction;
  /** Whether 180 is sent before 200. */
  ringing: boolean;
  /** Milliseconds from the INVITE to its final answer. */
  answerAfterMs: number;
  /** Whether the SDP answer is the whole body, or part of a multipart body. */
  body: "sdp" | "multipart";
}

/** The first line of the program's standard input. */
export interface RecorderOptions {
  /** Its identity: the Server header and the user of its Contact. */
  name: string;
  listen: Hop[];
  /** Where RTP is received: the first listen address and ports 10000 to 59999 by default. */
  rtp?: { address?: string; ports?: [number, number] };
  /** The address in Via, Contact and SDP, for a recorder behind a 1:1 NAT. */
  advertise?: string;
  /** Whether each stream also has an RTCP port. */
  rtcp?: boolean;
  behaviour?: Partial<Behaviour>;
  /** Milliseconds without a packet after which the media of an ended call are complete; 500 by default. */
  lingerMs?: number;
  /** No events per call, for load tests: only `stats` reports counters. */
  quiet?: boolean;
  timers?: Partial<Timers>;
  /** For `tls` listeners. */
  tls?: TlsMaterial;
}

/** Further lines. Each may carry an `id`, which its answer (`done`, `failed` or `stats`) repeats. */
export type RecorderCommand = { id?: number } & (
  | ({ cmd: "behave" } & Partial<Behaviour>)
  | { cmd: "bye"; callId: string }
  | { cmd: "reinvite"; callId: string; hold?: boolean }
  | { cmd: "stats"; calls?: boolean }
  | { cmd: "forget" }
);

export interface StreamAddress {
  label: string;
  address: string;
  port: number;
  direction: Direction;
}

/** The contents of an INVITE. */
export interface SeenInvite {
  callId: string;
  /** The peer that sent the message. */
  source: { transport: Transport; address: string; port: number };
  requestUri: string;
  via: string[];
  recordRoute: string[];
  contact: string[];
  userAgent: string;
  contentType: string;
  /** Whether the body has SIPREC metadata. */
  metadata: boolean;
  offer: StreamAddress[];
}

export interface RecordedCall {
  callId: string;
  state: "early" | "answered" | "up" | "ended";
  endedBy?: "platform" | "recorder" | "cancel" | "no-ack";
  source: string;
  reinvites: number;
  streams: ReceivedStream[];
}

export interface RecorderTotals {
  invites: number;
  answered: number;
  acks: number;
  noAck: number;
  reinvites: number;
  byes: number;
  cancels: number;
  options: number;
  /** Requests in unknown dialogs, which are answered with 481. */
  unknownDialog: number;
  active: number;
  mostActive: number;
  rtpPackets: number;
  rtpLost: number;
  /** The longest delay of this program by the machine since `forget`, in milliseconds. */
  lateMs: number;
  sipSent: number;
  sipReceived: number;
  retransmissions: number;
  malformed: number;
  /** Answers and ACKs without a transaction. */
  stray: number;
}

export type RecorderEvent =
  | { event: "listening"; name: string; listen: Hop[]; pid: number }
  | ({ event: "invite" } & SeenInvite)
  | { event: "ack" | "no-ack" | "cancel"; callId: string }
  | { event: "reinvite"; callId: string; offer: StreamAddress[] }
  | { event: "bye"; callId: string; by: "platform" | "recorder"; status: number }
  | ({ event: "ended" } & RecordedCall)
  | { event: "unknown-dialog"; method: string; callId: string; source: string }
  | { event: "fault"; text: string }
  | { event: "stats"; id?: number; totals: RecorderTotals; calls: RecordedCall[] }
  | { event: "done"; id?: number; cmd: string; status?: number; count?: number }
  | { event: "failed"; id?: number; cmd: string; error: string };
