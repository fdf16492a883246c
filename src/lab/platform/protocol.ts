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

/** Of a call, made once: it stays over the targets that are tried. */
export interface CallIdentity {
  callId: string;
  fromTag: string;
}

export interface CallsJob extends Common {
  type: "calls";
  kind?: PlatformKind;
  /** What Via, Contact and SDP say; for the kind `private` a private address by default, else `localAddress`. */
  advertise?: string;
  /** The proxies. A call that gets 503, no answer or no connection goes on to the next one (RFC 3263, 4.3). */
  targets: Hop[];
  /** Which target a call tries first; `first` by default. */
  spread?: "first" | "round-robin";
  /** Milliseconds that a target that failed is tried last; 0 by default. */
  avoidMs?: number;
  /** Milliseconds between OPTIONS to each target; one that does not answer 200 is tried last. None by default. */
  monitorMs?: number;
  calls: number;
  /** Calls per second; 10 by default. */
  rate?: number;
  /** No call is placed while so many are up. */
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
  /** The INVITE carries no offer: the recorder's answer does, and the ACK answers that (RFC 3264, RFC 3261, 13.2.1). */
  lateOffer?: boolean;
  /** The shape of the INVITE; `all` takes them in turn. `plain` by default. */
  variant?: SiprecVariant | "all";
  /** Who ends the call: with `none` it is left as it is. */
  bye?: "platform" | "recorder" | "none";
  /** Milliseconds after `holdMs` that the recorder's BYE is waited for; 30000 by default. */
  byeWaitMs?: number;
  /** Milliseconds from a provisional to the final answer, then CANCEL; 32000 by default. */
  ringForMs?: number;
  connectTimeoutMs?: number;
  /** TCP connections to each target, used in turn; 1 by default. */
  connections?: number;
  /** Whether Via asks for rport; true by default. */
  rport?: boolean;
  /** Call-ID and From tag of every call; each has its own by default. */
  identity?: CallIdentity;
  /** Headers added to each INVITE. */
  headers?: [string, string][];
  /** Headers added to the answers to re-INVITE and UPDATE, as by an edge that record-routes every request. */
  answerHeaders?: [string, string][];
  /** Events only of calls that are not `ok`, and the summary. */
  quiet?: boolean;
  /** Milliseconds after which the job ends whatever is left. */
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

/** Bytes as they are, for tests of what a proxy does with them. */
export interface RawJob extends Common {
  type: "raw";
  target: Hop;
  /** `{branch}`, `{tag}`, `{callId}`, `{n}`, `{address}` and `{port}` are filled in anew for each message of text. */
  payload: { text: string } | { base64: string };
  count?: number;
  rate?: number;
  /** Milliseconds that answers are waited for after the last message; 1000 by default. */
  waitMs?: number;
  /** So many answers are enough: no more are waited for. */
  replies?: number;
  /** An answer that begins so is enough, too. */
  until?: string;
}

/** RTP from somebody whom nobody has called, to every port of a range, over and over. */
export interface SprayJob {
  type: "spray";
  localAddress: string;
  target: { address: string; ports: [number, number] };
  /** Packets per second over the whole range; 10000 by default. */
  rate?: number;
  durationMs: number;
}

/** Connections by the thousand, from somebody who does not mean to call. They are closed at the job's end. */
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
  /** So many at most are tried while they have had no answer; any number by default. */
  unanswered?: number;
  /** Milliseconds after the last try. */
  holdMs: number;
  /** What each sends when it is open; nothing by default. */
  payload?: RawJob["payload"];
}

/** The first line of the program's standard input. */
export type PlatformJob = CallsJob | OptionsJob | RawJob | SprayJob | CrowdJob;

/** `late`: without an offer, the recorder makes one. `named`: its media are at a name, which no proxy relays: 488. */
export type ReinviteKind = "refresh" | "hold" | "resume" | "late" | "named";

/** Further requests within a dialog; UPDATE carries a session description. */
export type OtherMethod = "UPDATE" | "PRACK" | "INFO";

/** Further lines, for `calls` jobs. */
export type PlatformCommand = { id?: number } & (
  | { cmd: "reinvite-all"; kind?: ReinviteKind }
  | { cmd: "request-all"; method: OtherMethod }
  /** `from`: those alone that were set up by it. */
  | { cmd: "move-all"; to: Hop; detour: Detour; from?: Hop }
  | { cmd: "bye-all" }
  | { cmd: "rtp"; send: boolean }
  | { cmd: "stop" }
  | { cmd: "status" }
);

/** `broken`: answered, but something went wrong later; see `errors`. */
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
  /** Times to send that were skipped because this program was too busy. */
  rtpMissed: number;
  /** The longest that the machine held this program up, in milliseconds. */
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
  /** `most`: open at once; `open`: at the job's end; `answered`: those on which anything came back. */
  | { event: "crowd"; tried: number; most: number; open: number; answered: number }
  | { event: "fault"; text: string }
  | ({ event: "status"; id?: number } & PlatformStatus)
  | { event: "done"; id?: number; cmd: string; byStatus?: Record<string, number> }
  | { event: "failed"; id?: number; cmd: string; error: string };
