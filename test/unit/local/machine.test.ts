import { describe, expect, it } from "vitest";
import type { Accelerator } from "../../../src/compute/local/accelerator.js";
import { chooseRunner, type EngineSetting } from "../../../src/compute/local/machine.js";

/** The chosen runner, and the checks for the choice. */
async function chosen(engine: EngineSetting, accelerator: Accelerator, containers: boolean) {
  const tried: string[] = [];
  const runner = await chooseRunner(engine, {
    accelerator: () => Promise.resolve((tried.push("accelerator"), accelerator)),
    containersBoot: () => Promise.resolve((tried.push("containers"), containers)),
  });
  return [runner, ...tried];
}

describe("what hosts run as", () => {
  it.each([
    ["auto", "kvm", true, ["kvm", "accelerator"]],
    ["auto", "tcg", true, ["container", "accelerator", "containers"]],
    ["auto", "tcg", false, ["tcg", "accelerator", "containers"]],
    ["vm", "tcg", true, ["tcg", "accelerator"]],
    ["vm", "kvm", true, ["kvm", "accelerator"]],
    ["container", "kvm", false, ["container"]],
  ] as const)(
    "engine %s, accelerator %s, containers %s",
    async (engine, accelerator, containers, expected) => {
      expect(await chosen(engine, accelerator, containers)).toEqual(expected);
    },
  );
});
