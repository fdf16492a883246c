import { afterAll, beforeAll, beforeEach } from "vitest";
import { Cloud } from "./cloud.js";
import { MotoGaps } from "./moto-gaps.js";

export let cloud: Cloud;
export let subnets: string[];
export let gaps: MotoGaps;

/** A new account for each test of a file, with only subnets and base AMIs, and stand-ins for what moto does not support. */
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
