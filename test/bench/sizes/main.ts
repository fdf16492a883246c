import { Command } from "commander";
import { table } from "../../../src/cli/table.js";
import { print, talk } from "../../../src/cli/talk.js";
import { attempt } from "../../../src/do/process.js";
import { bases, Cloud } from "../../support/cloud/cloud.js";
import { instanceIds, playGroup, playImages } from "../../support/cloud/many.js";
import { cli } from "../../support/demo-image.js";
import { prepare } from "../../support/set-up.js";
import { formerRelease } from "../drill/former.js";
import { former } from "../former-hosts.js";

const many = { amis: 1500, instances: 500 };

/** A command to measure. `refused`: its calls that EC2 would refuse. */
interface Trial {
  what: string;
  argv: string[];
  refused: readonly string[];
}

/** Counts the AWS calls and seconds of commands in a large account, for this release and an earlier one. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run bench:sizes --").option("--now", "this release alone");
  program.action(({ now }: { now?: boolean }) => compare(now === true));
  await program.parseAsync(argv, { from: "user" });
}

async function compare(nowAlone: boolean): Promise<void> {
  await prepare("bake", "network");
  const cloud = await Cloud.start();
  try {
    const releases: [string, readonly [string, ...string[]]][] = [["now", cli]];
    if (!nowAlone) releases.unshift([former, await formerRelease(former)]);
    const rows: string[][] = [];
    for (const [release, program] of releases)
      for (const prepared of [prune, status]) {
        const trial = await prepared(cloud);
        rows.push([release, trial.what, ...(await measured(cloud, program, trial))]);
      }
    print(table(["release", "command", "calls", "seconds", "refused by EC2 for too many values"], rows));
  } finally {
    await cloud.stop();
  }
}

async function prune(cloud: Cloud): Promise<Trial> {
  await cloud.reset();
  const file = await cloud.fleet();
  playImages(cloud, many.amis);
  const argv = ["image", "prune", file, "--target", "ec2", "--keep", "1"];
  return { what: `${many.amis} AMIs: image prune`, argv, refused: [] };
}

async function status(cloud: Cloud): Promise<Trial> {
  await cloud.reset();
  const ec2 = { instance_type: "t3.medium", iam_instance_profile: "host", ami: bases.old.ami_id };
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  const group = { name: "proxies", subnets, min: 1, max: many.instances };
  const file = await cloud.fleet({ launch: { ec2 }, proxies: {}, group });
  const refused = playGroup(cloud, instanceIds(many.instances));
  const argv = ["status", file, "--target", "ec2", "--json"];
  return { what: `${many.instances} instances: status`, argv, refused };
}

/** Sets exit code 1 if the command fails. */
async function measured(
  cloud: Cloud,
  program: readonly [string, ...string[]],
  { what, argv, refused }: Trial,
): Promise<string[]> {
  cloud.proxy.requests.length = 0;
  const began = performance.now();
  const command = { argv: [...program, ...argv] as const, env: cloud.env, timeout: 1_800_000 };
  const { exitCode, stderr } = await attempt(command);
  const seconds = (performance.now() - began) / 1000;
  // status exits with 1: one instance is just starting
  if (![0, 1].includes(exitCode ?? -1) || stderr.includes("error:")) {
    talk.bad(`${what}: exit ${exitCode}: ${stderr.trim().slice(0, 300)}`);
    process.exitCode = 1;
  }
  return [String(cloud.proxy.requests.length), seconds.toFixed(1), refused.join(", ") || "none"];
}
