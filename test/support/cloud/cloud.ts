import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeImagesCommand, DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { KMSClient } from "@aws-sdk/client-kms";
import { Route53Client } from "@aws-sdk/client-route-53";
import { SSMClient } from "@aws-sdk/client-ssm";
import { packageRoot } from "../../../src/do/assets.js";
import { runCli, type CliResult } from "./cli.js";
import { FaultProxy } from "./fault-proxy.js";
import { operatorMay } from "./operator.js";
import { Moto, type KnownAmi } from "./moto.js";

export const region = "eu-west-1";
export const secret = "literal-s3cret-of-the-test";

/** Debian's account, from which the bake takes its base. */
const debian = "136693071363";

function debianAmi(id: string, name: string, created: string, architecture = "x86_64"): KnownAmi {
  return {
    ami_id: id,
    name,
    owner_id: debian,
    description: "Debian",
    architecture,
    virtualization_type: "hvm",
    hypervisor: "xen",
    root_device_type: "ebs",
    root_device_name: "/dev/xvda",
    public: true,
    creation_date: created,
    image_location: `${debian}/${name}`,
    image_type: "machine",
    sriov: "simple",
  };
}

export const bases = {
  old: debianAmi("ami-0de61a0000000000a", "debian-13-amd64-20260801-2190", "2026-08-01T00:00:00.000Z"),
  newest: debianAmi("ami-0de61a0000000000b", "debian-13-amd64-20261101-2280", "2026-11-01T00:00:00.000Z"),
  other: debianAmi("ami-0de61a0000000000c", "debian-12-amd64-20261115-2290", "2026-11-15T00:00:00.000Z"),
  arm64: debianAmi(
    "ami-0de61a0000000000d",
    "debian-13-arm64-20261101-2280",
    "2026-11-01T00:00:00.000Z",
    "arm64",
  ),
};

/** AWS for tests: moto behind a proxy that records calls and causes faults, and the command line configured for it. */
export class Cloud {
  private constructor(
    readonly moto: Moto,
    readonly proxy: FaultProxy,
    /** The proxy for the test's clients: it records separately, and causes no faults. */
    private readonly aside: FaultProxy,
    readonly folder: string,
  ) {}

  static async start(): Promise<Cloud> {
    const moto = await Moto.start(Object.values(bases));
    const proxy = await FaultProxy.start(moto.url);
    const aside = await FaultProxy.start(moto.url);
    return new Cloud(moto, proxy, aside, await mkdtemp(join(tmpdir(), "cloud-")));
  }

  /** Environment variables that replace those of the tests. */
  overridden: Record<string, string> = {};

  /** Everything that a command may read of its environment. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.proxy.url,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_CONFIG_FILE: join(this.folder, "no-config"),
      AWS_SHARED_CREDENTIALS_FILE: join(this.folder, "no-credentials"),
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "4",
      // long, because the emulator is slow on a busy machine; also the wait for an answer that never comes
      SIP_PROXY_AWS_TIMEOUT: this.proxy.isSilent ? "5" : "30",
      SIP_PROXY_POLL: "0.05",
      XDG_DATA_HOME: join(this.folder, "data"),
      XDG_STATE_HOME: join(this.folder, "state"),
      NO_COLOR: "1",
      // a packer without the steps on a builder, because moto's instances run nothing
      PATH: `${join(packageRoot, "test/support/cloud/bin")}:${process.env["PATH"] ?? ""}`,
      EMULATED_CONTENTS: join(this.folder, "contents.json"),
      ...this.overridden,
    };
  }

  cli(...argv: string[]): Promise<CliResult> {
    return runCli(argv, this.env);
  }

  /** Runs a command that must succeed. */
  async ok(...argv: string[]): Promise<CliResult> {
    const result = await this.cli(...argv);
    if (result.code !== 0) throw new Error(`${argv.join(" ")} exited ${result.code}:\n${result.stderr}`);
    return result;
  }

  /** Runs a command that prints JSON. */
  async json<T>(...argv: string[]): Promise<T> {
    return JSON.parse((await this.ok(...argv, "--json")).stdout) as T;
  }

  /** Writes a fleet file; parts replace whole sections. Returns its path. */
  async fleet(parts: Record<string, unknown> = {}, name = "fleet"): Promise<string> {
    const file = join(this.folder, `${name}.yaml`);
    const fleet = {
      fleet: "test",
      image: { media_relay: "rtpengine", targets: { ec2: { region } } },
      database: { dbhost: "database.example.com", dbpass_kam: secret },
      settings: { trusted: ["203.0.113.0/24"] },
      proxies: { sipproxy0: { public_ip_address: "auto", private_ip_address: "172.31.0.10" } },
      recorders: {
        recorder0: { private_ip_address: "10.0.0.2", siprec_port: 5060, siprec_protocol: "udp" },
        recorder1: { private_ip_address: "10.0.0.3" },
      },
      launch: { ec2: { instance_type: "t3.medium" } },
      ...parts,
    };
    await writeFile(file, JSON.stringify(fleet));
    return file;
  }

  private configIn(where: string) {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return { region: where, endpoint: this.aside.url, credentials, maxAttempts: 1 };
  }

  /** A client of another region, also without the proxy. */
  ec2In(where: string): EC2Client {
    return new EC2Client(this.configIn(where));
  }

  /** Clients for checks and preparations of tests, without the proxy. */
  readonly clients = (() => {
    let made:
      | {
          ec2: EC2Client;
          autoscaling: AutoScalingClient;
          cloudwatch: CloudWatchClient;
          kms: KMSClient;
          route53: Route53Client;
          ssm: SSMClient;
        }
      | undefined;
    return () => {
      const config = this.configIn(region);
      return (made ??= {
        ec2: new EC2Client(config),
        autoscaling: new AutoScalingClient(config),
        cloudwatch: new CloudWatchClient(config),
        kms: new KMSClient(config),
        route53: new Route53Client(config),
        ssm: new SSMClient(config),
      });
    };
  })();

  get ec2(): EC2Client {
    return this.clients().ec2;
  }

  get autoscaling(): AutoScalingClient {
    return this.clients().autoscaling;
  }

  get cloudwatch(): CloudWatchClient {
    return this.clients().cloudwatch;
  }

  get kms(): KMSClient {
    return this.clients().kms;
  }

  get route53(): Route53Client {
    return this.clients().route53;
  }

  get ssm(): SSMClient {
    return this.clients().ssm;
  }

  /** Subnets of the default VPC, in order of their zones. */
  async subnets(): Promise<{ id: string; zone: string; cidr: string }[]> {
    const { Subnets = [] } = await this.ec2.send(new DescribeSubnetsCommand({}));
    return Subnets.map(({ SubnetId = "", AvailabilityZone = "", CidrBlock = "" }) => ({
      id: SubnetId,
      zone: AvailabilityZone,
      cidr: CidrBlock,
    })).sort((a, b) => (a.zone < b.zone ? -1 : 1));
  }

  /** The account's own AMIs. */
  async amiIds(): Promise<string[]> {
    const { Images = [] } = await this.ec2.send(new DescribeImagesCommand({ Owners: ["self"] }));
    return Images.map(({ ImageId = "" }) => ImageId);
  }

  /** An empty account again. */
  async reset(): Promise<void> {
    await this.moto.reset();
    this.proxy.clear();
    this.proxy.standIns.clear();
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder);
  }

  /** Ends it. Checks that the operator's policy allows all calls of the commands in a test file. */
  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.aside.stop();
    await this.moto.stop();
    await rm(this.folder, { recursive: true, force: true });
    const refused = [...this.proxy.seen].filter((action) => !operatorMay(action));
    if (refused.length > 0) throw new Error(`iam-policy --operator does not allow ${refused.join(", ")}`);
  }
}
