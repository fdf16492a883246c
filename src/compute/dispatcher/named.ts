import type { Recorder } from "../../understand/fleet.js";
import { dispatcherRows } from "./seed.js";
import type { TableRow } from "./diff.js";

/** Finds the rows of a recorder by its name in the fleet file, by description, or by destination with or without parameters. */
export function rowsOf(
  table: readonly TableRow[],
  fleet: { recorders: Recorder[] },
  recorder: string,
): TableRow[] {
  const own = dispatcherRows(fleet).filter(({ description }) => description === recorder);
  const isOwn = (row: TableRow) =>
    own.some(({ setid, destination }) => row.setid === setid && row.destination === destination);
  const rows = table.filter(isOwn);
  if (rows.length > 0) return rows;
  return table.filter(
    ({ description, destination }) =>
      description === recorder || destination === recorder || destination.startsWith(`${recorder};`),
  );
}
