import { runSteps, type Step } from "../../../cli/steps.js";
import { print, printJson, talk } from "../../../cli/talk.js";
import type { PlannedCall } from "../compute/calls.js";
import { finishImage } from "../compute/finish-image.js";
import { showCall } from "../compute/redact.js";
import type { Aws } from "../do/aws.js";
import { Ec2Bake } from "../do/bake.js";
import { relayIn } from "../../../compute/image/contents.js";
import { builderSteps } from "../../../compute/image/provisioners.js";
import { HeldBake } from "../../../do/bake/held-bake.js";
import { noteReturned, type Manifest, type StoredManifest } from "../../../do/bake/image-store.js";
import { shellQuote } from "../../../compute/quote/shell.js";
import type { Fleet } from "../../../understand/fleet.js";
import { runPacker } from "../../../commands/bake-steps.js";
import type { BakeOptions } from "../../target.js";
import { tellLeftovers } from "./leftovers.js";
import { printOutcome, withAws } from "./with-aws.js";

/** `bake-image FLEET --target ec2`. */
export async function bakeOnEc2(fleet: Fleet, file: string, options: BakeOptions): Promise<void> {
  const began = performance.now();
  await withAws(fleet.image.targets.ec2?.region, options, async (aws) => {
    const tell = { info: (line: string) => talk.note(line), warn: (line: string) => talk.warn(line) };
    const held = options.locked === undefined ? undefined : await HeldBake.to(options.locked, fleet.image);
    const job = new Ec2Bake(aws, fleet, file, tell, held);
    if (options.dryRun) return plan(aws, job, fleet, options);
    const prepared = await runSteps(preparation(job));
    const existing = options.force ? undefined : await job.existing();
    if (existing) {
      await noteReturned(existing.folder);
      tellImage(existing, true, options);
      return;
    }
    await tellLeftovers(aws, fleet.name);
    const { baked, times } = await runPacker(
      job,
      builderSteps(fleet.image, "stopping the builder, making the AMI, copying it"),
    );
    const seconds = () => Math.round((performance.now() - began) / 100) / 10;
    const stored = await job.store(baked, { total: seconds(), steps: [...prepared, ...times] });
    await runSteps([{ title: "tags, IMDSv2, sharing, deprecation", run: () => job.finish(baked) }]);
    tellImage(stored, false, options);
  });
}

function preparation(job: Ec2Bake): Step[] {
  return [
    { title: "base AMI", run: () => job.prepareBase() },
    ...job.toFetch.map((name) => ({ title: `source of ${name}`, run: () => job.fetch(name) })),
  ];
}

/** Prints Packer's command line, and the calls that follow it (dry run). */
async function plan(aws: Aws, job: Ec2Bake, fleet: Fleet, { json }: BakeOptions): Promise<void> {
  await job.prepareBase();
  for (const name of job.toFetch) await job.fetch(name);
  const existing = await job.existing();
  const { argv } = job.packerCommand();
  const calls = existing ? [] : callsAfterPacker(fleet);
  if (json) printOutcome(aws, existing ? { reused: true } : { reused: false, packer: argv, then: calls });
  else if (existing) talk.say("nothing to do: this image was baked before");
  else {
    print(`${argv.map(shellQuote).join(" ")}\n`);
    for (const call of calls) print(showCall(call));
  }
}

function callsAfterPacker({ image }: Fleet): PlannedCall[] {
  const { ec2 } = image.targets;
  const later = "(known after the bake)";
  const versions = { kamailio: later, mediaRelay: later, mediaRelayVersion: "", os: later, kernel: later };
  const contents = { ...versions, cloudInit: later, usedKiB: 0, checksums: {}, packages: {} };
  const ami = { id: "(the new AMI)", snapshots: ["(its snapshots)"], regions: ["(its regions)"] };
  return ec2 ? finishImage(ami, ec2, contents, "(the base)", new Date()) : [];
}

function tellImage({ manifest, folder }: StoredManifest, reused: boolean, { json }: BakeOptions): void {
  const amis = amisIn(manifest);
  if (json) {
    printJson({ amis, reused, manifest, folder });
    return;
  }
  const { contents, seconds } = manifest;
  talk.good(
    `${reused ? "unchanged, baked before" : `baked in ${seconds.total} s`}: ${contents.os}, Kamailio ${contents.kamailio}, ${relayIn(contents)}`,
  );
  for (const [region, id] of Object.entries(amis)) talk.say(`  ${id} in ${region}`);
  print(`${Object.values(amis)[0] ?? ""}\n`);
  talk.say("publish it for launches: sip-proxy image promote FLEET");
}

function amisIn({ image }: Manifest): Record<string, string> {
  return "amis" in image ? image.amis : {};
}
