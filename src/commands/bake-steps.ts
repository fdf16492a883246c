import { FollowedSteps, runSteps, type StepTimes } from "../cli/steps.js";
import type { BakeStep } from "../compute/image/provisioners.js";

/** A bake by Packer that reports which script runs. When `signal` is aborted, Packer ends and removes what it has made. */
export interface PackerJob<Baked> {
  bake(onStep: (script: string) => void, signal: AbortSignal): Promise<Baked>;
}

/** Follows Packer through the steps of a bake. When it is interrupted, it returns after Packer has cleaned up. */
export async function runPacker<Baked>(
  job: PackerJob<Baked>,
  steps: readonly BakeStep[],
): Promise<{ baked: Baked; times: StepTimes }> {
  const followed = new FollowedSteps(steps.map(({ script }) => script));
  const abort = new AbortController();
  const running = job.bake((script) => followed.starts(script), abort.signal);
  running.then(
    () => followed.finish(),
    (error: unknown) => followed.fail(error), // the current step fails; later steps do not start
  );
  const times = await runSteps(
    steps.map(({ script, title }) => ({ title, run: () => followed.done(script) })),
    async () => {
      abort.abort();
      await running.catch(() => undefined); // the steps have already failed with this error
    },
  );
  return { baked: await running, times };
}
