import type { Filter } from "@aws-sdk/client-ec2";

/** A list in parts of at most `size`. */
export function inChunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/** What EC2 takes in one call, over all its filters. */
const filterValues = 200;

/** The same filters as often as it takes to ask for all values of the longest; the answers together are the answer. */
export function filterPages(filters: readonly Filter[]): Filter[][] {
  const size = ({ Values = [] }: Filter) => Values.length;
  const [longest] = [...filters].sort((a, b) => size(b) - size(a));
  const rest = filters.filter((filter) => filter !== longest);
  const room = filterValues - rest.reduce((sum, filter) => sum + size(filter), 0);
  if (longest === undefined || size(longest) <= room) return [[...filters]];
  return inChunks(longest.Values ?? [], room).map((Values) => [...rest, { ...longest, Values }]);
}
