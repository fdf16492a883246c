import { afterAll, beforeAll, beforeEach } from "vitest";
import { Cloud } from "./cloud.js";
import { MotoGaps } from "./moto-gaps.js";

export let cloud: Cloud;
export let subnets: string[];
export let gaps: MotoGaps;

/** An account for each test of a file, with nothing in it but subnets and base AMIs; what moto lacks is played. */
export function useCloud(): void {
  beforeAll(async () => {
    cloud = await Cloud.start();
  });
  beforeEach(async () => {
    await cloud.reset();
    gaps = new MotoGaps(cloud.proxy, () => cloud.autoscaling);
    subnets = (await cloud.subnets()).map(({ id }) => id);
  });
  afterAll(() => cloud?.stop());
}
