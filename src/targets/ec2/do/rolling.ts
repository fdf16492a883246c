import { join } from "node:path";
import { userDataDigest } from "../../../compute/user-data/digest.js";
import { withLock } from "../../../do/local/lock.js";
import { hostPaths } from "../../../do/local/paths.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { HostOrder, Rolling } from "../../hosts.js";
import { newSecurityGroup } from "../compute/calls.js";
import { instanceRequest } from "../compute/instance.js";
import { formerAmiParameter, tagKey } from "../compute/names.js";
import { addressFor, ensureAddress, findAddress, refuseTaken } from "./addresses.js";
import type { Aws } from "./aws.js";
import { refusalOfLaunch } from "./check/launch.js";
import { amiIn } from "./images.js";
import {
  instanceOfHost,
  instancesTagged,
  isGone,
  refuseProtected,
  waitForState,
  type FoundInstance,
} from "./instances.js";
import { refuseTakenPrivate } from "./private-addresses.js";
import { planSecurityGroups } from "./security-groups.js";
import type { Surroundings } from "./surroundings.js";

const isUp = ({ state }: FoundInstance) => /^(pending|running)$/.test(state);

/** What a roll needs of single hosts on EC2. */
export class Ec2Rolling implements Rolling {
  constructor(
    private readonly aws: Aws,
    private readonly fleet: Fleet,
    private readonly surroundings: Surroundings,
    private readonly tell: (line: string) => void,
  ) {}

  async isCurrent({ host, userData }: HostOrder): Promise<boolean> {
    const ami = await this.surroundings.ami();
    const { instance } = await instanceOfHost(this.aws, this.fleet.name, host.name);
    if (!instance || !isUp(instance)) return false;
    const made = instance.tags[tagKey.userData];
    return (
      instance.imageId === ami.id &&
      instance.type === this.fleet.launch.ec2.instance_type &&
      // launches of earlier releases have no digest
      (made === undefined || made === userDataDigest(userData))
    );
  }

  /** Locks only on this machine. A roll on another machine finds hosts that are already replaced, and leaves them. */
  alone<T>(roll: () => Promise<T>): Promise<T> {
    const { name } = this.fleet;
    return withLock(join(hostPaths().state, name, ".ec2-roll.lock"), roll, () =>
      this.tell(
        `another roll of ${name} is running on this machine; waiting until it has finished (Ctrl-C stops waiting)`,
      ),
    );
  }

  /** Checks everything that can be checked before a host is drained. Whether EC2 has capacity cannot be checked. */
  async prepare(orders: readonly HostOrder[]): Promise<void> {
    await this.surroundings.ami();
    for (const order of orders) await this.#prepare(order);
  }

  async #prepare(order: HostOrder): Promise<void> {
    const { host } = order;
    const subnet = await this.surroundings.subnetOf(host);
    const groups = await planSecurityGroups(this.aws, this.fleet, subnet?.vpcId);
    const { instance, former } = await instanceOfHost(this.aws, this.fleet.name, host.name);
    if (instance) await refuseProtected(this.aws, instance.id, "terminate");
    const own = [...former, ...(instance ? [instance.id] : [])];
    await refuseTakenPrivate(this.aws, host, subnet?.id, own);
    await this.#refuseForbidden(order, subnet?.id, groups.ids);
    if (!this.fleet.launch.ec2.elastic_ip) return;
    const address = await addressFor(this.aws, this.fleet, host);
    if (address) refuseTaken(host, address, own);
  }

  /** Throws UserError if EC2 refuses the launch. Capacity is unknown before; the old instance counts in the account's quotas until it ends. */
  async #refuseForbidden(
    { host, userData }: HostOrder,
    subnetId: string | undefined,
    groups: readonly string[],
  ): Promise<void> {
    const securityGroupIds = groups.filter((id) => id !== newSecurityGroup);
    const parts = { ami: await this.surroundings.ami(), subnetId, securityGroupIds, userData };
    // the old instance still has the private address
    const anywhere = { ...host, private_ip_address: "auto" };
    const refusal = await refusalOfLaunch(this.aws, instanceRequest(this.fleet, anywhere, parts));
    if (refusal === undefined || /^(Insufficient\w+Capacity|\w+LimitExceeded)$/.test(refusal.code)) return;
    const ofProfile = /profile/i.test(refusal.message)
      ? "launch.ec2.iam_instance_profile must be one of this account; sip-proxy iam-policy FLEET prints the policy of its role"
      : undefined;
    const hint = refusal.hint ?? ofProfile;
    throw new UserError(`${host.name} cannot be launched, and no host was drained: ${refusal.message}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: refusal,
    });
  }

  /** Read-only. */
  async lacks(host: Host): Promise<string | undefined> {
    if (!this.fleet.launch.ec2.elastic_ip) return undefined;
    const { instance } = await instanceOfHost(this.aws, this.fleet.name, host.name);
    if (!instance || !isUp(instance)) return undefined;
    const given = host.public_ip_address;
    const address = await findAddress(this.aws, this.fleet, host);
    if (address?.holder === instance.id) return undefined;
    if (address) {
      const holder = address.holder === undefined ? "" : `, which ${address.holder} has`;
      return `its Elastic IP ${address.publicIp}${holder}`;
    }
    return given === "auto"
      ? "its Elastic IP"
      : `its Elastic IP ${given}, which this account does not have in ${this.aws.region}`;
  }

  /** Associates the host's Elastic IP, which is the last step of a launch. An address that another instance uses is not moved. */
  async mend(host: Host): Promise<void> {
    if (!this.fleet.launch.ec2.elastic_ip) return;
    const { instance, former } = await instanceOfHost(this.aws, this.fleet.name, host.name);
    if (!instance) return;
    await waitForState(this.aws, instance.id, "running");
    await ensureAddress(this.aws, this.fleet, host, instance.id, former);
  }

  /** Records the AMI in a parameter, so that `image prune` also keeps it. */
  async remember(): Promise<void> {
    const { id } = await this.surroundings.ami();
    const names = this.fleet.hosts.filter(({ kind }) => kind === "proxy").map(({ name }) => name);
    const there = (await instancesTagged(this.aws, { [tagKey.fleet]: this.fleet.name })).filter(
      (instance) => !isGone(instance) && names.includes(instance.tags[tagKey.host] ?? ""),
    );
    const images = there.map(({ imageId }) => imageId).filter((image) => image !== id);
    const count = (image: string) => images.filter((one) => one === image).length;
    const [most] = [...images].sort((a, b) => count(b) - count(a));
    if (most === undefined || most === (await this.previous())) return;
    const Name = formerAmiParameter(this.fleet.name);
    await this.aws.change("ssm:PutParameter", { Name, Value: most, Type: "String", Overwrite: true }, {});
  }

  previous(): Promise<string | undefined> {
    return amiIn(this.aws, formerAmiParameter(this.fleet.name));
  }
}
