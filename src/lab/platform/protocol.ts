import type { StreamAddress } from "../recorder/protocol.js";
import type { SentStream } from "../rtp/sender.js";
import type { SiprecVariant } from "../siprec-variants.js";
import type { Detour } from "../sip/dialog.js";
import type { Timers } from "../sip/timers.js";
import type { Hop } from "../sip/uri.js";

/**
 * How a platform presents itself. `public`: public addresses everywhere. `private`: private ones in Via, Contact and
 * SDP although its packets come from a public one. `tcp-source-port`: TCP whose Via and Contact carry the connection's
 * real source port, so that no NAT test fires.
 */
export type PlatformKind = "public" | "private" | "tcp-source-port";

interface Common {
  /** The address that packets leave from. */
  localAddress: string;
  /** Listening port, UDP and TCP; 5060 by default, 0 for any. */
  sipPort?: number;
  timers?: Partial<Timers>;
}

/** A call's identifiers, which are the same for all targets that are tried. */
export interface CallIdentity {
  callId: string;
  fromTag: string;
}

export interface CallsJob extends Common {
  type: "calls";
  kind?: PlatformKind;
  /** The address in Via, Contact and SDP; default: a private address for the kind `private`, otherwise `localAddress`. */
  advertise?: string;
  /** The proxies. After 503, no answer or no connection, a call tries the next one (RFC 3263, 4.3). */
  targets: Hop[];
  /** Which target a call tries first; `first` by default. */
  spread?: "first" | "round-robin";
  /** Milliseconds for which a failed target is tried last; 0 by default. */
  avoidMs?: number;
  /** Milliseconds between OPTIONS to each target; one that does not answer 200 is tried last. None by default. */
  monitorMs?: number;
  calls: number;
  /** Calls per second; 10 by default. */
  rate?: number;
  /** Most simultaneous calls. */
  maxConcurrent?: number;
  /** Milliseconds from answer to BYE; null: until `bye-all`. 1000 by default. */
  holdMs?: number | null;
  rtp?: {
    /** Packets per second and stream; 50 by default, 0 for none. */
    rate?: number;
    /** 20000 to 59999 by default. */
    ports?: [number, number];
    /** Whether sender reports go to the port above. */
    rtcp?: boolean;
    codec?: "PCMU" | "PCMA";
  };
  /** re-INVITEs during the hold: `once` with the same streams, `hold` pauses both and resumes. */
  reinvite?: "none" | "once" | "hold";
  /** The INVITE has no offer: the recorder's answer has one, and the ACK answers it (RFC 3264, RFC 3261, 13.2.1). */
  lateOffer?: boolean;
  /** The shape of the INVITE; `all` takes them in turn. `plain` by default. */
  variant?: SiprecVariant | "all";
  /** Which side ends the call; with `none`, no side does. */
  bye?: "platform" | "recorder" | "none";
  /** Milliseconds to wait for the recorder's BYE after `holdMs`; 30000 by default. */
  byeWaitMs?: number;
  /** Milliseconds from a provisional to the final answer, then CANCEL; 32000 by default. */
  ringForMs?: number;
  connectTimeoutMs?: number;
  /** TCP connections to each target, used in turn; 1 by default. */
  connections?: number;
  /** Whether Via asks for rport; true by default. */
  rport?: boolean;
  /** Call-ID and From tag for all calls; by default, each call has its own. */
  identity?: CallIdentity;
  /** Headers added to each INVITE. */
  headers?: [string, string][];
  /** Headers in answers to re-INVITE and UPDATE, as from an edge proxy that adds Record-Route to every request. */
  answerHeaders?: [string, string][];
  /** Only events of calls that are not `ok`, and the summary. */
  quiet?: boolean;
  /** Milliseconds after which the job ends in any case. */
  deadlineMs?: number;
}

export interface OptionsJob extends Common {
  type: "options";
  target: Hop;
  /** Of the Request-URI; none by default. */
  user?: string;
  count?: number;
  /** Per second; 10 by default. */
  rate?: number;
  /** Milliseconds; 4000 by default. */
  timeoutMs?: number;
}

/** Raw bytes, to test how a proxy handles them. */
export interface RawJob extends Common {
  type: "raw";
  target: Hop;
  /** In texts, `{branch}`, `{tag}`, `{callId}`, `{n}`, `{address}` and `{port}` are replaced for each message. */
  payload: { text: string } | { base64: string };
  count?: number;
  rate?: number;
  /** Milliseconds to wait for answers after the last message; 1000 by default. */
  waitMs?: number;
  /** The wait ends after this many answers. */
  replies?: number;
  /** The wait also ends after an answer that begins like this. */
  until?: string;
}

/** RTP from an uninvolved host to every port of a range, repeatedly. */
export interface SprayJob {
  type: "spray";
  localAddress: string;
  target: { address: string; ports: [number, number] };
  /** Packets per second over the whole range; 10000 by default. */
  rate?: number;
  durationMs: number;
}

/** Thousands of connections without calls. They are closed at the end of the job. */
export interface CrowdJob {
  type: "crowd";
  /** Used in turn; the host's own by default. (The kernel takes 4 times as long to find ports for one that is named.) */
  localAddresses?: string[];
  /** TCP, or TLS up to the end of its handshake. */
  target: Hop;
  /** How many are tried. */
  connections: number;
  /** Connections tried per second; 5000 by default. */
  rate?: number;
  /** Most connections without an answer at the same time; no limit by default. */
  unanswered?: number;
  /** Milliseconds after the last try. */
  holdMs: number;
  /** The data that each connection sends when it is open; nothing by default. */
  payload?: RawJob["payload"];
}

/** The first line of the program's standard input. */
export type PlatformJob = CallsJob | OptionsJob | RawJob | SprayJob | CrowdJob;

/** `late`: without an offer; the recorder sends one. `named`: media at a host name, which proxies refuse with 488. */
export type ReinviteKind = "refresh" | "hold" | "resume" | "late" | "named";

/** Further requests within a dialog; UPDATE carries a session description. */
export type OtherMethod = "UPDATE" | "PRACK" | "INFO";

/** Further lines, for `calls` jobs. */
export type PlatformCommand = { id?: number } & (
  | { cmd: "reinvite-all"; kind?: ReinviteKind }
  | { cmd: "request-all"; method: OtherMethod }
  /** `from`: only calls that this proxy has set up. */
  | { cmd: "move-all"; to: Hop; detour: Detour; from?: Hop }
  | { cmd: "bye-all" }
  | { cmd: "rtp"; send: boolean }
  | { cmd: "stop" }
  | { cmd: "status" }
);

/** `broken`: answered, but with a later error; see `errors`. */
export type Outcome = "ok" | "broken" | "rejected" | "timeout" | "transport";

export interface Attempt {
  target: string;
  /** 0 when no final answer came. */
  status: number;
  why?: string;
}

export interface CallResult {
  index: number;
  callId: string;
  variant: SiprecVariant;
  outcome: Outcome;
  /** 0 when no final answer came. */
  finalStatus: number;
  attempts: Attempt[];
  /** Milliseconds from the first INVITE to the final answer. */
  setUpMs: number;
  /** The Server header of the answer, or the user of its Contact. */
  answeredBy: string;
  contact: string;
  recordRoutes: string[];
  answer: StreamAddress[];
  rtp: SentStream[];
  reinvites: { kind: ReinviteKind; status: number; answer: StreamAddress[] }[];
  /** re-INVITEs of the recorder. */
  reinvited: number;
  byeBy: "platform" | "recorder" | "none";
  byeStatus: number;
  errors: string[];
}

export interface CallsSummary {
  placed: number;
  outcomes: Record<Outcome, number>;
  byStatus: Record<string, number>;
  answeredBy: Record<string, number>;
  errors: Record<string, number>;
  /** Milliseconds. */
  setUpMs: { min: number; p50: number; p95: number; p99: number; max: number };
  rtpPackets: number;
  /** Packets that were not sent because this program was too busy. */
  rtpMissed: number;
  /** The longest delay of this program by the machine, in milliseconds. */
  lateMs: number;
  mostUp: number;
  seconds: number;
  /** Calls placed per second while calls were placed. */
  placedPerSecond: number;
  retransmissions: number;
}

export interface PlatformStatus {
  placed: number;
  up: number;
  ended: number;
  rtpPackets: number;
}

export type PlatformEvent =
  | { event: "ready"; pid: number; sipPort: number }
  | { event: "answered"; index: number; callId: string; answeredBy: string; setUpMs: number }
  | ({ event: "all-placed" } & PlatformStatus)
  | ({ event: "call" } & CallResult)
  | ({ event: "summary" } & CallsSummary)
  | { event: "options"; index: number; status: number; ms: number; server: string; why?: string }
  | { event: "reply"; from: string; text: string; base64: string }
  | { event: "sent"; messages: number; replies: number; closed: boolean }
  | { event: "sprayed"; sent: number; received: number }
  /** `most`: open at the same time; `open`: at the end of the job; `answered`: those that received any data. */
  | { event: "crowd"; tried: number; most: number; open: number; answered: number }
  | { event: "fault"; text: string }
  | ({ event: "status"; id?: number } & PlatformStatus)
  | { event: "done"; id?: number; cmd: string; byStatus?: Record<string, number> }
  | { event: "failed"; id?: number; cmd: string; error: string };
