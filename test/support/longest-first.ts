import { basename } from "node:path";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";
import { tiers } from "./tiers.js";

/**
 * Files that take more than a minute on two idle processors. They mostly wait, so they begin first: at the end of a group, one of them
 * would run alone.
 */
export const longest = [
  ...["unended", "connections", "versions", "failover", "unserved", "follows-table", "settings-balancing"],
  ...["host-comes", "group", "host-goes", "host-dns", "instances"],
  ...["host-curl", "first-boot-faults", "relay-watch"],
  ...["bake-boot-call", "agents", "own-base"],
];

/** One tier after the other, because a worker keeps its modules only for files of the same tier; in each, the longest files first. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted
      .map((file, place) => ({ file, order: [tierOf(file), lengthOf(file), place] }))
      .sort((a, b) => difference(a.order, b.order))
      .map(({ file }) => file);
  }
}

const tierOf = ({ project }: TestSpecification) => tiers.findIndex(({ name }) => name === project.name);

const lengthOf = ({ moduleId }: TestSpecification) => {
  const place = longest.indexOf(basename(moduleId, ".test.ts"));
  return place === -1 ? longest.length : place;
};

const difference = (a: number[], b: number[]) =>
  a.map((value, index) => value - (b[index] ?? 0)).find((each) => each !== 0) ?? 0;
