import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lockText } from "../../../src/compute/image/lock.js";
import { lockOf } from "../../support/locks.js";
import { bakeMark, makeAmi } from "../../support/cloud/fleet-ami.js";
import type { World } from "./world.js";

/** A command to try, and the state before it. */
export interface Tried {
  argv: (file: string) => string[];
  /** The operator's earlier commands. Without them, the account has only subnets and base AMIs. */
  before?: (world: World) => Promise<unknown>;
  /** The exit code without trouble; by default 0. */
  code?: number;
  /** The command changes something, and has --dry-run. */
  changes?: true;
  /** The command calls no service, needs no credentials, and prints only JSON. */
  offline?: true;
}

const one = (verb: string, ...more: string[]) => ({
  argv: (file: string) => [verb, file, "sipproxy0", "--target", "ec2", ...more],
});
const ofGroup = (verb: string, ...more: string[]) => ({
  argv: (file: string) => ["group", verb, file, ...more],
});
const ofImage = (verb: string, ...more: string[]) => ({
  argv: (file: string) => ["image", verb, file, "--target", "ec2", ...more],
});

const launched = (world: World) => world.ok(...one("launch", "--no-wait").argv(world.file));
const applied = (world: World) => world.ok("group", "apply", world.file);
const images = async ({ cloud }: World) => {
  for (let made = 0; made < 3; made++) await makeAmi(cloud, { ...bakeMark(), "sip-proxy:kamailio": "6.0.1" });
};

const promoted = async (world: World) => {
  await images(world);
  await world.ok("image", "promote", world.file, "--target", "ec2");
};

/** Prepares a group whose template has a second version that is not rolled out yet. */
async function secondVersion(world: World): Promise<void> {
  await applied(world);
  await world.useSecondImage();
  await applied(world);
}

async function rolled(world: World): Promise<void> {
  await secondVersion(world);
  await world.ok("group", "roll", world.file);
}

/** For commands that query the hosts themselves. */
const useHosts = (world: World) => world.useHosts();
const ofFleet = (verb: string, ...more: string[]) => ({
  argv: (file: string) => ["fleet", verb, file, "--target", "ec2", ...more],
  before: useHosts,
});
/** A short timeout: the emulator fulfils the conditions at once. */
const waiting = ["--timeout", "20"];

async function hostsRolled(world: World): Promise<void> {
  await useHosts(world);
  await world.ok(...ofFleet("roll").argv(world.file));
}

async function drained(world: World): Promise<void> {
  await useHosts(world);
  await world.ok(...one("drain").argv(world.file));
}

const lockBeside = (file: string) => join(dirname(file), "image.lock");

async function writeLock({ file }: World): Promise<void> {
  const one = { version: "3.0", architecture: "amd64", source: "apt" };
  await writeFile(lockBeside(file), lockText(lockOf({ packages: { apt: one } })));
}

/** The operator's commands that query or change AWS. */
export const commands: readonly Tried[] = [
  { argv: (file) => ["validate", file, "--target", "ec2"] },
  { ...one("launch", "--no-wait"), changes: true },
  { argv: (file) => ["list", file, "--target", "ec2"], before: launched },
  // code 1, because the emulator's hosts never report that they are ready
  { argv: (file) => ["status", file, "--target", "ec2"], before: launched, code: 1 },
  { ...one("stop", "--now"), before: launched, changes: true },
  { ...one("terminate", "--now"), before: launched, changes: true },
  // code 1, because the hosts have an older image
  { ...ofFleet("status"), code: 1 },
  { ...ofFleet("roll", ...waiting), changes: true },
  { ...ofFleet("rollback", ...waiting), before: hostsRolled, changes: true },
  { ...one("drain", ...waiting), before: useHosts, changes: true },
  { ...one("undrain"), before: drained, changes: true },
  { argv: (file) => ["dns", file, "--target", "ec2", "--domain", "sip.example.com"], before: applied },
  ofGroup("plan"),
  { ...ofGroup("apply"), changes: true },
  { ...ofGroup("status"), before: applied },
  { ...ofGroup("roll"), before: secondVersion, changes: true },
  { ...ofGroup("rollback"), before: rolled, changes: true },
  { ...ofGroup("delete", "--force", "--release"), before: applied, changes: true },
  {
    argv: (file) => ["export", file, "--format", "cloudformation"],
    before: (world) => world.useReferences(),
    offline: true,
  },
  { argv: (file) => ["image", "sbom", lockBeside(file)], before: writeLock, offline: true },
  {
    argv: (file) => ["image", "outdated", file, lockBeside(file), "--tracker", "none", "--json"],
    before: writeLock,
    offline: true,
  },
  { ...ofImage("list"), before: images },
  { ...ofImage("diff", "--exit-code"), before: promoted },
  { ...ofImage("promote"), before: images, changes: true },
  { ...ofImage("prune", "--keep", "1", "--delete"), before: images, changes: true },
  { ...ofImage("clean"), before: images, changes: true },
];
