import type { DispatcherTarget } from "../launch/dispatcher-flags.js";
import { DISABLED } from "../../understand/settings/recorder.js";
import type { DispatcherRow } from "./seed.js";

/** A row of the table, with the fleets that wrote it. */
export interface TableRow extends DispatcherRow {
  id: number;
  fleets: string[];
  /** Whether `dispatcher drain` has taken it out of service. */
  drained: boolean;
}

/** The dispatcher list that a running host has loaded. */
export interface LoadedList {
  host: string;
  targets: readonly DispatcherTarget[];
}

/** One destination in file, table and hosts. */
export interface DiffLine {
  setid: number;
  destination: string;
  /** Name of the recorder in the fleet file. */
  file: string | undefined;
  /** Id of the table's row; `differs`: its differences from the fleet file. */
  row: number | undefined;
  differs: string[];
  drained: boolean;
  /** The fleets that wrote the row; empty if none did. */
  writers: string[];
  /** Its flags by host; undefined if the host has not loaded it. */
  hosts: Record<string, string | undefined>;
}

/** Compares fleet file, table and the hosts' lists, by set and destination. */
export function diffLines(
  wanted: readonly DispatcherRow[],
  table: readonly TableRow[],
  loaded: readonly LoadedList[],
): DiffLine[] {
  const keys = new Map<string, [number, string]>();
  const note = (setid: number, destination: string) =>
    keys.set(key(setid, destination), [setid, destination]);
  for (const { setid, destination } of [...wanted, ...table]) note(setid, destination);
  for (const { targets } of loaded) for (const { set, uri } of targets) note(set, uri);
  return [...keys.values()]
    .sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
    .map(([setid, destination]) => {
      const here = (row: DispatcherRow) => row.setid === setid && row.destination === destination;
      const want = wanted.find(here);
      const row = table.find(here);
      return {
        setid,
        destination,
        file: want?.description,
        row: row?.id,
        differs: want && row ? differences(want, row) : [],
        drained: row?.drained ?? false,
        writers: row?.fleets ?? [],
        hosts: Object.fromEntries(
          loaded.map(({ host, targets }) => [
            host,
            targets.find(({ set, uri }) => set === setid && uri === destination)?.flags,
          ]),
        ),
      };
    });
}

const key = (setid: number, destination: string) => `${setid} ${destination}`;

function differences(want: DispatcherRow, row: TableRow): string[] {
  const meant = row.drained ? { ...want, flags: want.flags | DISABLED } : want;
  return (["flags", "priority", "attrs", "description"] as const)
    .filter((name) => meant[name] !== row[name])
    .map((name) => `${name} ${JSON.stringify(row[name])}`);
}

/** Whether fleet file, table and hosts agree. Rows of other writers are ignored. */
export function agrees({ file, row, differs, hosts }: DiffLine): boolean {
  const everywhere = Object.values(hosts).every((flags) => (flags !== undefined) === (row !== undefined));
  return everywhere && differs.length === 0 && (file === undefined || row !== undefined);
}

/** Rows that this fleet did not write. Commands report them, and never change them. */
export function rowsOfOthers(fleet: string, table: readonly TableRow[]): string[] {
  return table
    .filter(({ fleets }) => !fleets.includes(fleet))
    .map(({ id, destination, description, fleets }) => {
      const writer = fleets.length > 0 ? `fleet ${fleets.join(", ")}` : "no fleet";
      return `row ${id} (${[destination, description].filter(Boolean).join(", ")}) belongs to ${writer}`;
    });
}
