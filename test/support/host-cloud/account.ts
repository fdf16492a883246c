import { randomBytes } from "node:crypto";
import { AwsError } from "./aws-error.js";
import type {
  AddressOptions,
  CloudEvent,
  CloudOptions,
  CloudState,
  Fault,
  FaultKind,
  Hook,
  InstanceOptions,
  LifecycleState,
  RecordSet,
} from "./protocol.js";

export interface Instance extends Omit<InstanceOptions, "target"> {
  lifecycle: LifecycleState;
  health: string;
  /** The target lifecycle state in the metadata service; undefined: none. */
  target: string | undefined;
  interruption: { action: string; time: string } | undefined;
}

interface Address extends AddressOptions {
  instance: Instance | undefined;
  /** Time from which the metadata service shows it, in milliseconds since the epoch. */
  shownFrom: number;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  token: string;
  expires: Date;
  instance: Instance;
}

const sixHours = 21_600;

/** The account's state: addresses with their instances, and the lifecycle state of each instance. */
export class Account {
  readonly instances: Instance[];
  readonly addresses: Address[];
  readonly secrets: Map<string, string>;
  readonly parameters: Map<string, string>;
  /** Of the hosted zone. */
  records: RecordSet[];
  readonly #credentials = new Map<string, Credentials>();
  #faults: Fault[] = [];

  constructor(
    readonly options: CloudOptions,
    private readonly emit: (event: CloudEvent) => void,
  ) {
    this.instances = options.instances.map((instance) => ({
      ...instance,
      lifecycle: instance.inGroup === false ? "none" : (instance.lifecycle ?? "Pending:Wait"),
      health: "Healthy",
      target: instance.inGroup === false ? undefined : (instance.target ?? "InService"),
      interruption: undefined,
    }));
    this.addresses = (options.addresses ?? []).map((address) => ({
      ...address,
      instance: undefined,
      shownFrom: 0,
    }));
    this.records = options.records ?? [];
    this.secrets = new Map(Object.entries(options.secrets ?? {}));
    this.parameters = new Map(Object.entries(options.parameters ?? {}));
  }

  at(privateAddress: string): Instance | undefined {
    return this.instances.find((instance) => instance.privateAddress === privateAddress);
  }

  instance(id = ""): Instance {
    const found = this.instances.find((instance) => instance.id === id);
    if (!found) throw new AwsError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
    return found;
  }

  /** The public address that the metadata service shows. */
  publicAddress(instance: Instance): string | undefined {
    const own = this.addresses.find((address) => address.instance === instance);
    return own && own.shownFrom <= Date.now() ? own.publicIp : instance.publicAddress;
  }

  /** New credentials of the instance's role. */
  newCredentials(instance: Instance): Credentials {
    const seconds = this.options.credentialSeconds ?? sixHours;
    const credentials = {
      accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString("base64"),
      token: randomBytes(300).toString("base64"),
      expires: new Date(Date.now() + seconds * 1000),
      instance,
    };
    this.#credentials.set(credentials.accessKeyId, credentials);
    return credentials;
  }

  credentials(accessKeyId: string): Credentials | undefined {
    return this.#credentials.get(accessKeyId);
  }

  /** Like EC2: with AllowReassociation=false, neither a used address nor an interface with an address is changed. */
  associate(allocationId: string, instance: Instance): void {
    const address = this.addresses.find((one) => one.allocationId === allocationId);
    if (!address)
      throw new AwsError(
        "InvalidAllocationID.NotFound",
        `The allocation ID '${allocationId}' does not exist`,
      );
    if (address.instance === instance) return;
    if (address.instance) {
      throw new AwsError(
        "Resource.AlreadyAssociated",
        `resource ${allocationId} is already associated with associate-id eipassoc-${allocationId.slice(9)}`,
      );
    }
    if (this.addresses.some((one) => one.instance === instance)) {
      throw new AwsError(
        "Resource.AlreadyAssociated",
        `resource eni-${instance.id.slice(2)} is already associated with an address`,
      );
    }
    address.instance = instance;
    address.shownFrom = Date.now() + (this.options.publicAddressDelay ?? 0);
  }

  /** Whether a hook is waiting for the instance. */
  waits(instance: Instance, hook: string): boolean {
    const waitingFor: Partial<Record<LifecycleState, Hook>> = {
      "Pending:Wait": "sip-proxy-launch",
      "Terminating:Wait": "sip-proxy-terminate",
    };
    return waitingFor[instance.lifecycle] === hook;
  }

  complete(instance: Instance, hook: string, result: string): void {
    if (instance.lifecycle === "Terminating:Wait") instance.lifecycle = "Terminated";
    else if (result === "CONTINUE") instance.lifecycle = "InService";
    else this.terminate(instance);
    this.emit({ event: "completed", instance: instance.id, hook, result });
  }

  /** The group terminates it: its terminate hook waits until the host completes it. */
  terminate(instance: Instance): void {
    instance.lifecycle = "Terminating:Wait";
    instance.target = "Terminated";
  }

  addFault(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  mend(): void {
    this.#faults = [];
  }

  /** The fault for this call; counts the call. */
  faultOf(action: string): FaultKind | undefined {
    const fault = this.#faults.find((one) => one.action === action && (one.times ?? 1) > 0);
    if (fault?.times !== undefined) fault.times -= 1;
    return fault?.kind;
  }

  state(): CloudState {
    return {
      instances: Object.fromEntries(
        this.instances.map((instance) => [
          instance.id,
          {
            lifecycle: instance.lifecycle,
            health: instance.health,
            publicAddress: this.publicAddress(instance) ?? null,
          },
        ]),
      ),
      addresses: Object.fromEntries(
        this.addresses.map(({ allocationId, instance }) => [allocationId, instance?.id ?? null]),
      ),
      records: this.records,
    };
  }
}
