import type { Policy } from "../../../src/targets/ec2/compute/policy/policy.js";

/** What a group waits for: the hook that keeps an instance in Pending:Wait or Terminating:Wait. */
export type Hook = "sip-proxy-launch" | "sip-proxy-terminate";

/** An instance as the metadata service tells it of itself; it is known by the address that it asks from. */
export interface InstanceOptions {
  id: string;
  privateAddress: string;
  /** What EC2 gave it by itself; an Elastic IP takes its place. */
  publicAddress?: string;
  /** False: it has no instance profile. */
  role?: boolean;
  /** False: it is a single instance, of no group. */
  inGroup?: boolean;
  /** What the group wants of it; that it is in service unless given. */
  target?: string;
  /** Where it is in its life; before its launch hook unless given. */
  lifecycle?: LifecycleState;
}

/** An Elastic IP of the account. */
export interface AddressOptions {
  allocationId: string;
  publicIp: string;
  tags: Record<string, string>;
}

/** A record set of Route 53 with one value; those with an identifier are answered together. */
export interface RecordSet {
  name: string;
  type: string;
  identifier?: string;
  ttl: number;
  value: string;
}

/** The account, as the program is told it at its start. */
export interface CloudOptions {
  /** Where the metadata service listens, on port 80: 169.254.169.254. */
  imds: string;
  /** Where every other service listens, on port 80. */
  endpoint: string;
  region: string;
  group: string;
  instances: InstanceOptions[];
  addresses?: AddressOptions[];
  /** Secrets Manager: SecretString by name. */
  secrets?: Record<string, string>;
  /** SSM: values of SecureString parameters by name. */
  parameters?: Record<string, string>;
  /** Id of the hosted zone that there is, what it has at first, and how many records it answers at a time; 300 unless given. */
  zone?: string;
  records?: RecordSet[];
  recordsPerPage?: number;
  /** The role's policy; without one everything is allowed. */
  policy?: Policy;
  /** Seconds that the role's credentials last; six hours unless given. */
  credentialSeconds?: number;
  /** Milliseconds after which the metadata service shows an Elastic IP; 0 unless given. */
  publicAddressDelay?: number;
}

/** What may go wrong with a call. `lost`: it is carried out, and its answer never arrives. */
export type FaultKind = "throttle" | "unavailable" | "lost" | "denied";

export interface Fault {
  action: string;
  kind: FaultKind;
  /** How often; for ever when not given. */
  times?: number;
}

export type CloudCommand = { id?: number } & (
  | { cmd: "fault"; fault: Fault }
  | { cmd: "mend" }
  /** The group takes an instance out: Terminating:Wait. */
  | { cmd: "terminate"; instance: string }
  /** It is gone, from one moment to the next. */
  | { cmd: "kill"; instance: string }
  /** EC2 takes a spot instance back, in two minutes. */
  | { cmd: "interrupt"; instance: string; action: "terminate" | "stop" }
  | { cmd: "secret"; name: string; value: string }
  | { cmd: "state" }
);

/** One call to AWS, and what became of it. */
export interface CloudCall {
  service: string;
  action: string;
  /** Of which instance the credentials were. */
  instance: string;
  parameters: Record<string, string>;
  /** The statements of the policy (Sid) that allowed it. */
  statements: string[];
  /** 200, or the code of the error. */
  outcome: string;
}

/** Where an instance of a group is in its life (Auto Scaling's names). */
export type LifecycleState = "Pending:Wait" | "InService" | "Terminating:Wait" | "Terminated" | "none";

export interface CloudState {
  instances: Record<string, { lifecycle: LifecycleState; health: string; publicAddress: string | null }>;
  /** Instance by allocation id; null for a free address. */
  addresses: Record<string, string | null>;
  records: RecordSet[];
}

export type CloudEvent =
  | { event: "listening"; pid: number }
  | ({ event: "call" } & CloudCall)
  | { event: "completed"; instance: string; hook: string; result: string }
  | ({ event: "state"; id?: number } & CloudState)
  | { event: "done"; id?: number; cmd: string }
  | { event: "failed"; id?: number; cmd: string; error: string }
  | { event: "fault"; text: string };
