import type { DnsRecord } from "./records.js";

/** Records as lines of a zone file (RFC 1035). All names are absolute, so the lines can be pasted into any zone. */
export function zoneLines(records: readonly DnsRecord[]): string {
  const rows = records.map((record) => [
    `${record.name}.`,
    String(record.ttl),
    "IN",
    record.type,
    data(record),
  ]);
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows
    .map(
      (row) =>
        `${row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell)).join(" ")}\n`,
    )
    .join("");
}

function data(record: DnsRecord): string {
  if (record.type === "A") return record.address;
  const { priority, weight, port, target } = record;
  return `${priority} ${weight} ${port} ${target}.`;
}
