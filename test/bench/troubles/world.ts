import { MotoGaps } from "../../support/cloud/moto-gaps.js";
import { bases, type Cloud } from "../../support/cloud/cloud.js";
import { makeProfile } from "../../support/cloud/instance-profile.js";
import { makeKey, makeZone } from "../../support/cloud/made-beside.js";
import { playQuotas } from "../../support/cloud/quotas.js";
import { PlayedHosts } from "../../support/cloud/played-hosts.js";
import { told, type Done } from "../../support/cloud/told.js";

/** An AWS account and a fleet file, new for each trial. */
export class World {
  file = "";
  #zone = "";
  #key = "";
  #hosts: PlayedHosts | undefined;

  private constructor(readonly cloud: Cloud) {}

  static async of(cloud: Cloud): Promise<World> {
    const world = new World(cloud);
    await world.renew();
    return world;
  }

  async renew(): Promise<void> {
    this.#hosts?.stop();
    await this.cloud.reset();
    await makeProfile(this.cloud, "host");
    playQuotas(this.cloud, { "L-1216C47A": 64 });
    this.#zone = await makeZone(this.cloud, "example.com.");
    this.#key = (await makeKey(this.cloud)).arn;
    new MotoGaps(this.cloud.proxy, () => this.cloud.autoscaling);
    await this.#write(bases.old.ami_id);
  }

  /** Changes the AMI of the launches and the group in the fleet file. */
  useSecondImage(): Promise<void> {
    return this.#write(bases.newest.ami_id);
  }

  /** Launches two single hosts with an older AMI than the one in the fleet file. Commands reach them through SSM. */
  async useHosts(): Promise<void> {
    this.#hosts = new PlayedHosts(this.cloud);
    await this.#writeHosts(bases.old.ami_id);
    await this.ok("launch", this.file, "sipproxy0", "sipproxy1", "--target", "ec2", "--no-wait");
    await this.#writeHosts(bases.newest.ami_id);
  }

  #writeHosts(ami: string): Promise<void> {
    return this.#write(ami, {
      group: undefined,
      proxies: {
        sipproxy0: { public_ip_address: "auto", private_ip_address: "172.31.0.10" },
        sipproxy1: { public_ip_address: "auto", private_ip_address: "172.31.0.11" },
      },
    });
  }

  /** Changes the fleet file: its user-data has references instead of secrets. */
  useReferences(): Promise<void> {
    return this.#write(bases.old.ami_id, {
      database: { dbhost: "database.example.com", dbpass_kam: "${ssm:/kam}" },
    });
  }

  async #write(ami: string, parts: object = {}): Promise<void> {
    const subnets = (await this.cloud.subnets()).map(({ id }) => id);
    this.file = await this.cloud.fleet({
      dns: { domain: "proxies.example.com", ttl: 30 },
      group: {
        name: "proxies",
        subnets,
        min: 2,
        max: 4,
        target_calls: 400,
        warm_pool: 1,
        hosted_zone_id: this.#zone,
        alarm_actions: ["arn:aws:sns:eu-west-1:123456789012:voice"],
      },
      launch: {
        ec2: {
          instance_type: "t3.medium",
          iam_instance_profile: "host",
          ami,
          volume_size: 16,
          kms_key_id: this.#key,
          subnets,
          create_security_group: true,
        },
      },
      ...parts,
    });
  }

  ok(...argv: string[]) {
    return this.cloud.ok(...argv);
  }

  told(...argv: string[]): Promise<Done> {
    return told(this.cloud, ...argv);
  }
}
