/** A request with its placeholders replaced by known values. */
export function fillIn<T>(value: T, known: (text: string) => unknown): T {
  if (typeof value === "string") return (known(value) ?? value) as T;
  if (Array.isArray(value)) return value.map((part: unknown) => fillIn(part, known)) as T;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).map(
    ([name, part]) => [name, fillIn(part as unknown, known)] as const,
  );
  return Object.fromEntries(entries) as T;
}
