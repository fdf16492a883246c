import { dirname } from "node:path";
import { print, printJson, talk } from "../../../cli/talk.js";
import { runSteps, type Step } from "../../../cli/steps.js";
import { relayIn } from "../../../compute/image/contents.js";
import { builderSteps } from "../../../compute/image/provisioners.js";
import { runPacker } from "../../../commands/bake-steps.js";
import { softwareOf } from "../../../compute/image/pinned-sources.js";
import { HeldBake } from "../../../do/bake/held-bake.js";
import { noteReturned, type StoredImage } from "../../../do/bake/image-store.js";
import type { Fleet } from "../../../understand/fleet.js";
import { baseName } from "../../../understand/settings/base.js";
import type { BakeOptions } from "../../target.js";
import { refuseOtherArchitecture } from "../do/architecture.js";
import { requireBakeTools } from "../do/bake-tools.js";
import { LocalBake, storeImage } from "../do/bake.js";

export async function bake(fleet: Fleet, file: string, options: BakeOptions): Promise<void> {
  refuseOtherArchitecture(fleet.image);
  if (options.dryRun) {
    tellPlan(fleet, options.json === true);
    return;
  }
  const { image, reused } = await bakeLocal(fleet, file, options);
  if (options.json) printJson({ path: image.path, reused, manifest: image.manifest });
  else sayImage(image, reused);
}

/** Bakes an image unless the same one exists already. */
export async function bakeLocal(
  fleet: Fleet,
  file: string,
  { force = false, builder = "auto", locked }: Pick<BakeOptions, "force" | "builder" | "locked"> = {},
): Promise<{ image: StoredImage; reused: boolean }> {
  const began = performance.now();
  const tell = { info: (line: string) => talk.note(line), warn: (line: string) => talk.warn(line) };
  await requireBakeTools(builder, fleet.image);
  const held = locked === undefined ? undefined : await HeldBake.to(locked, fleet.image);
  const job = new LocalBake(fleet, file, tell, held);
  const prepared = await runSteps(preparation(job));
  const existing = force ? undefined : await job.existing();
  if (existing) {
    await noteReturned(dirname(existing.path));
    return { image: existing, reused: true };
  }
  const chosen = await runSteps([{ title: "builder", run: () => job.prepareBuilder(builder) }]);
  const { baked, times } = await runPacker(job, await job.steps());
  const total = Math.round((performance.now() - began) / 100) / 10;
  return {
    image: await storeImage(baked, { total, steps: [...prepared, ...chosen, ...times] }),
    reused: false,
  };
}

function preparation(job: LocalBake): Step[] {
  return [
    { title: "base", run: () => job.prepareBase() },
    ...job.toBuild.map((name) => ({
      title: `${softwareOf(name).title} from source`,
      run: () => job.build(name),
    })),
  ];
}

function tellPlan({ name, image }: Fleet, json: boolean): void {
  const { kamailio_version, media_relay } = image;
  const base = baseName(image.base);
  const steps = builderSteps(image, "making the disk").map(({ title }) => title);
  if (json) return printJson({ base, kamailio_version, media_relay, steps });
  talk.say(`would bake a local image for ${name}: ${base}, Kamailio ${kamailio_version}, ${media_relay}`);
  for (const step of steps) talk.say(`  ${step}`);
}

function sayImage({ path, manifest }: StoredImage, reused: boolean): void {
  const { contents, seconds } = manifest;
  const bytes = "bytes" in manifest.image ? manifest.image.bytes : 0;
  talk.good(
    `${reused ? "unchanged, baked before" : `baked in ${seconds.total} s`}: ${contents.os}, Kamailio ${contents.kamailio}, ` +
      `${relayIn(contents)}, ${(bytes / 2 ** 20).toFixed(0)} MiB`,
  );
  print(`${path}\n`);
}
