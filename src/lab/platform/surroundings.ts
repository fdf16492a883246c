import type { MediaClock } from "../rtp/clock.js";
import type { RtpPorts } from "../rtp/ports.js";
import type { Address, Flow } from "../sip/flow.js";
import type { SipStack } from "../sip/stack.js";
import type { CallsJob, PlatformEvent } from "./protocol.js";
import type { Targets } from "./targets.js";

/** Objects that all calls of a job share. */
export interface Surroundings {
  job: CallsJob;
  stack: SipStack;
  ports: RtpPorts;
  clock: MediaClock;
  targets: Targets;
  /** The address in Via, Contact and SDP. */
  advertised: string;
  /** The listening port. */
  sipPort: number;
  emit: (event: PlatformEvent) => void;
}

/** A private address for platforms of the kind `private` that have a public one. */
const PRETENDED = "192.168.77.10";
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;

/** The address that a job's platform presents. */
export function advertisedAddress(job: CallsJob): string {
  if (job.advertise !== undefined) return job.advertise;
  return job.kind === "private" && !PRIVATE.test(job.localAddress) ? PRETENDED : job.localAddress;
}

/** The address in Via and Contact on a flow. */
export function presented(job: CallsJob, sipPort: number, flow: Flow): Address {
  const ownPort = job.kind === "tcp-source-port" && flow.transport !== "udp";
  return { address: advertisedAddress(job), port: ownPort ? flow.local.port : sipPort };
}
