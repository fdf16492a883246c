import type { Filter } from "@aws-sdk/client-ec2";

/** A list in parts of at most `size`. */
export function inChunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/** Most values in all filters of one call to EC2. */
const filterValues = 200;

/** The filters split into several calls, by the values of the longest one. The answers must be combined. */
export function filterPages(filters: readonly Filter[]): Filter[][] {
  const size = ({ Values = [] }: Filter) => Values.length;
  const [longest] = [...filters].sort((a, b) => size(b) - size(a));
  const rest = filters.filter((filter) => filter !== longest);
  const room = filterValues - rest.reduce((sum, filter) => sum + size(filter), 0);
  if (longest === undefined || size(longest) <= room) return [[...filters]];
  return inChunks(longest.Values ?? [], room).map((Values) => [...rest, { ...longest, Values }]);
}
