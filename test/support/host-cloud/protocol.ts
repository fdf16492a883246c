import type { Policy } from "../../../src/targets/ec2/compute/policy/policy.js";

/** A lifecycle hook that keeps an instance in Pending:Wait or Terminating:Wait. */
export type Hook = "sip-proxy-launch" | "sip-proxy-terminate";

/** An instance's data in the metadata service, which identifies it by the source address of its requests. */
export interface InstanceOptions {
  id: string;
  privateAddress: string;
  /** Its automatic public address, which an Elastic IP replaces. */
  publicAddress?: string;
  /** False: it has no instance profile. */
  role?: boolean;
  /** False: it is a single instance. */
  inGroup?: boolean;
  /** Its target lifecycle state; default: in service. */
  target?: string;
  /** Its lifecycle state; default: before its launch hook. */
  lifecycle?: LifecycleState;
}

/** An Elastic IP of the account. */
export interface AddressOptions {
  allocationId: string;
  publicIp: string;
  tags: Record<string, string>;
}

/** A record set of Route 53 with one value. Record sets with an identifier are answered together. */
export interface RecordSet {
  name: string;
  type: string;
  identifier?: string;
  ttl: number;
  value: string;
}

/** The account at the start of the program. */
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
  /** The hosted zone: its id, first records, and records per page (default 300). */
  zone?: string;
  records?: RecordSet[];
  recordsPerPage?: number;
  /** The role's policy; without one, everything is allowed. */
  policy?: Policy;
  /** Lifetime of the role's credentials in seconds; default: six hours. */
  credentialSeconds?: number;
  /** Milliseconds after which the metadata service shows an Elastic IP; default: 0. */
  publicAddressDelay?: number;
}

/** Faults of a call. `lost`: it is executed, but its answer never arrives. */
export type FaultKind = "throttle" | "unavailable" | "lost" | "denied";

export interface Fault {
  action: string;
  kind: FaultKind;
  /** Number of faults; default: without a limit. */
  times?: number;
}

export type CloudCommand = { id?: number } & (
  | { cmd: "fault"; fault: Fault }
  | { cmd: "mend" }
  /** The group terminates an instance: Terminating:Wait. */
  | { cmd: "terminate"; instance: string }
  /** It disappears suddenly. */
  | { cmd: "kill"; instance: string }
  /** EC2 interrupts a spot instance in two minutes. */
  | { cmd: "interrupt"; instance: string; action: "terminate" | "stop" }
  | { cmd: "secret"; name: string; value: string }
  | { cmd: "state" }
);

/** One call to AWS, and its result. */
export interface CloudCall {
  service: string;
  action: string;
  /** The instance to which the credentials belong. */
  instance: string;
  parameters: Record<string, string>;
  /** The statements of the policy (Sid) that allowed it. */
  statements: string[];
  /** 200, or the code of the error. */
  outcome: string;
}

/** The lifecycle state of a group's instance (Auto Scaling's names). */
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
