import { userDataDigest } from "../../../compute/user-data/digest.js";
import { runInstances } from "../compute/instance.js";
import { isAllocated } from "../compute/elastic-ip.js";
import { tagKey } from "../compute/names.js";
import { redacted } from "../compute/redact.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { addressesOfHost, addressFor, ensureAddress, refuseTaken } from "./addresses.js";
import type { Aws } from "./aws.js";
import { drain, drains, drainTag } from "./drain.js";
import {
  instanceOfHost,
  instancesTagged,
  isGone,
  refuseProtected,
  waitForState,
  type FoundInstance,
} from "./instances.js";
import { deleteSecurityGroup, ensureSecurityGroups } from "./security-groups.js";
import { Ec2Rolling } from "./rolling.js";
import { Surroundings } from "./surroundings.js";
import { readyLine } from "./console.js";
import type { HostOrder, Hosts, ListedHost, Rolling } from "../../hosts.js";

/** Hosts as EC2 instances, which are found by their tags. */
export class Ec2Hosts implements Hosts {
  readonly rolling: Rolling;
  readonly drains = true;
  readonly #surroundings: Surroundings;

  constructor(
    private readonly aws: Aws,
    private readonly fleet: Fleet,
    private readonly tell: (line: string) => void,
    /** An AMI to use instead of the fleet's. */
    ami?: string,
  ) {
    this.#surroundings = new Surroundings(aws, fleet, ami);
    this.rolling = new Ec2Rolling(aws, fleet, this.#surroundings, tell);
  }

  calls(): unknown {
    return redacted(this.aws.told);
  }

  async launch({ host, userData }: HostOrder): Promise<string> {
    refuseGroup(host);
    const { instance, former } = await this.#find(host);
    if (instance) {
      refuseOtherUserData(host, instance, userData);
      return `${await this.#start(instance)}${await this.#giveAddress(host, instance.id, former)}`;
    }
    await this.#refuseTakenAddress(host, former);
    const id = await this.#run(host, userData, former);
    await waitForState(this.aws, id, "running");
    return `launched ${id}${await this.#giveAddress(host, id, former)}`;
  }

  async #start({ id, state, tags }: FoundInstance): Promise<string> {
    if (drains(tags)) await this.aws.change("ec2:DeleteTags", drainTag(id), {});
    if (state === "running" || state === "pending") {
      await waitForState(this.aws, id, "running");
      return `already running as ${id}`;
    }
    if (state === "stopping") await waitForState(this.aws, id, "stopped");
    await this.aws.change("ec2:StartInstances", { InstanceIds: [id] }, {});
    await waitForState(this.aws, id, "running");
    return `started ${id}`;
  }

  async #run(host: Host, userData: Buffer, former: readonly string[]): Promise<string> {
    const ami = await this.#surroundings.ami();
    const subnet = await this.#surroundings.subnetOf(host);
    const securityGroupIds = await ensureSecurityGroups(this.aws, this.fleet, subnet?.vpcId);
    const parts = { ami, subnetId: subnet?.id, securityGroupIds, userData };
    const { Instances = [] } = await this.aws.change(
      "ec2:RunInstances",
      runInstances(this.fleet, host, parts, former),
      { Instances: [{ InstanceId: "(the new instance)" }] },
    );
    return Instances[0]?.InstanceId ?? "";
  }

  /** Called before anything is created. */
  async #refuseTakenAddress(host: Host, former: readonly string[]): Promise<void> {
    if (!this.fleet.launch.ec2.elastic_ip) return;
    const address = await addressFor(this.aws, this.fleet, host);
    if (address) refuseTaken(host, address, former);
  }

  async #giveAddress(host: Host, id: string, former: readonly string[]): Promise<string> {
    if (!this.fleet.launch.ec2.elastic_ip) return "";
    return ` at ${await ensureAddress(this.aws, this.fleet, host, id, former)}`;
  }

  async waitUntilReady(host: Host, timeout: number): Promise<string> {
    if (this.aws.isDryRun) return "would wait until it is ready";
    const { instance } = await this.#find(host);
    if (!instance) throw new UserError(`there is no instance of ${host.name}`, { hint: "launch it first" });
    return readyLine(this.aws, instance.id, host.name, timeout);
  }

  async list(): Promise<ListedHost[]> {
    const instances = await instancesTagged(this.aws, { [tagKey.fleet]: this.fleet.name });
    return instances
      .filter((instance) => !isGone(instance) && instance.tags[tagKey.host] !== undefined)
      .map(listed)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async stop(host: Host, { now }: { now: boolean }): Promise<string> {
    refuseGroup(host);
    const { instance } = await this.#find(host);
    if (!instance) return "there is no such instance";
    if (instance.state === "stopped") return `${instance.id} is already stopped`;
    await refuseProtected(this.aws, instance.id, "stop");
    if (!now) await drain(this.aws, host, instance, this.tell);
    await this.aws.change("ec2:StopInstances", { InstanceIds: [instance.id] }, {});
    await waitForState(this.aws, instance.id, "stopped");
    // if somebody starts it again, it must accept calls
    if (!now || drains(instance.tags)) await this.aws.change("ec2:DeleteTags", drainTag(instance.id), {});
    return `stopped ${instance.id}`;
  }

  async terminate(host: Host, { now, release }: { now: boolean; release: boolean }): Promise<string> {
    refuseGroup(host);
    const { instance } = await this.#find(host);
    const done: string[] = [];
    if (instance) {
      await refuseProtected(this.aws, instance.id, "terminate");
      if (!now) await drain(this.aws, host, instance, this.tell);
      await this.aws.change("ec2:TerminateInstances", { InstanceIds: [instance.id] }, {});
      await waitForState(this.aws, instance.id, "terminated");
      done.push(`terminated ${instance.id}`);
    }
    done.push(...(await this.#releaseAddresses(host, release)));
    if (release) done.push(...(await this.#deleteSecurityGroup()));
    return done.join("; ") || "there is no such instance";
  }

  /** Releases a host's addresses, only on request, because platforms use them, and only those that launch has allocated. */
  async #releaseAddresses(host: Host, release: boolean): Promise<string[]> {
    const done: string[] = [];
    for (const { allocationId, publicIp, tags } of await addressesOfHost(this.aws, this.fleet, host)) {
      if (!isAllocated(tags, publicIp, this.fleet, host))
        done.push(
          `the address ${publicIp} is kept, because launch did not allocate it or the fleet file contains it`,
        );
      else if (!release) done.push(`its address ${publicIp} is kept (--release releases it)`);
      else {
        await this.aws.change("ec2:ReleaseAddress", { AllocationId: allocationId }, {});
        done.push(`released ${publicIp}`);
      }
    }
    return done;
  }

  /** Deletes the security group after the last of the fleet's instances. */
  async #deleteSecurityGroup(): Promise<string[]> {
    return (await this.list()).length > 0 ? [] : deleteSecurityGroup(this.aws, this.fleet.name);
  }

  #find(host: Host) {
    return instanceOfHost(this.aws, this.fleet.name, host.name);
  }
}

function listed({ id, state, type, zone, privateIp, publicIp, imageId, tags }: FoundInstance): ListedHost {
  return {
    name: tags[tagKey.host] ?? "",
    state,
    instance: id,
    type,
    zone,
    private: privateIp,
    public: publicIp,
    image: imageId,
    group: tags["aws:autoscaling:groupName"],
  };
}

/** Throws UserError for a group: its instances are managed by the group commands. */
function refuseGroup({ name, kind }: Host): void {
  if (kind !== "group") return;
  throw new UserError(`${name} is a group, not a host`, {
    hint: "sip-proxy group plan FLEET, then apply",
    exitCode: 2,
  });
}

/** Throws UserError for other user-data: it is read only at the first boot, so a second launch would have no effect. */
function refuseOtherUserData(host: Host, { id, tags }: FoundInstance, userData: Buffer): void {
  const made = tags[tagKey.userData];
  if (made === undefined || made === userDataDigest(userData)) return;
  throw new UserError(
    `${host.name} was launched as ${id} with different user-data: the fleet file has changed since`,
    {
      hint: `to replace it without losing calls: sip-proxy fleet roll FLEET ${host.name} --target ec2; its Elastic IP is kept`,
    },
  );
}
