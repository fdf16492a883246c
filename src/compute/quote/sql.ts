/**
 * A value as an SQL literal for PostgreSQL with standard_conforming_strings (the default since 9.1). Use it for all text in
 * SQL files. Queries from this machine use parameters instead.
 */
export function sqlLiteral(value: string | number): string {
  if (typeof value === "number") return String(value);
  if (value.includes("\0")) throw new RangeError("PostgreSQL text cannot contain a NUL byte");
  return `'${value.replaceAll("'", "''")}'`;
}
