import type { Ami } from "../compute/instance.js";
import { subnetFor, type Subnet } from "../compute/subnet.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { amiToLaunch } from "./images.js";
import { describeSubnets } from "./subnets.js";

/** Resources that all hosts of a fleet share. Each is looked up once. */
export class Surroundings {
  #ami: Promise<Ami> | undefined;
  #subnets: Promise<Subnet[]> | undefined;

  constructor(
    private readonly aws: Aws,
    private readonly fleet: Fleet,
    /** An AMI to use instead of the fleet's. */
    private readonly named?: string,
  ) {}

  ami(): Promise<Ami> {
    return (this.#ami ??= amiToLaunch(this.aws, this.fleet, this.named));
  }

  /** The subnet for a host; undefined: EC2 chooses. Throws UserError if no subnet contains its address. */
  async subnetOf(host: Host): Promise<Subnet | undefined> {
    const subnets = await (this.#subnets ??= describeSubnets(this.aws, this.fleet.launch.ec2.subnets));
    const subnet = subnetFor(host, this.fleet.hosts.indexOf(host), subnets);
    if (subnet || host.private_ip_address === "auto") return subnet;
    throw new UserError(`${host.name}: no subnet contains ${host.private_ip_address}`, {
      hint: `launch.ec2.subnets are ${subnets.map(({ id, cidr }) => `${id} (${cidr})`).join(", ") || "not given"}`,
    });
  }
}
