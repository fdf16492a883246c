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

/** A row that this fleet did not write. */
export interface RowOfOthers {
  /** The row, its writer, and what `db seed` changes, for messages. */
  text: string;
  /** Whether `db seed` leaves it as it is. */
  stays: boolean;
}

/** Rows that this fleet did not write. Commands report them; only a seed changes those with a recorder's address. */
export function rowsOfOthers(
  fleet: string,
  wanted: readonly DispatcherRow[],
  table: readonly TableRow[],
): RowOfOthers[] {
  return table
    .filter(({ fleets }) => !fleets.includes(fleet))
    .map((row) => {
      const { id, destination, description, fleets } = row;
      const writer = fleets.length > 0 ? `fleet ${fleets.join(", ")}` : "no fleet";
      const text = `row ${id} (${[destination, description].filter(Boolean).join(", ")}) belongs to ${writer}`;
      const change = changeOf(row, wanted);
      return { text: change === undefined ? text : `${text}: ${change}`, stays: change === undefined };
    });
}

/** What the next `db seed` (without --adopt) does with a row that this fleet did not write; undefined: nothing. The same as the seed's SQL. */
function changeOf(row: TableRow, wanted: readonly DispatcherRow[]): string | undefined {
  const ofSet = wanted.filter(({ setid }) => setid === row.setid);
  if (ofSet.some(({ destination }) => destination === row.destination))
    return row.fleets.length > 0 ? "`sip-proxy db seed` shares it" : "`sip-proxy db seed` takes it over";
  const moved = ofSet.some(
    ({ destination, description }) =>
      description === row.description && addressOf(destination) === addressOf(row.destination),
  );
  return moved && row.fleets.length === 0
    ? "`sip-proxy db seed` deletes it, because the fleet file has another port for this recorder"
    : undefined;
}

/** The address in a destination, without scheme and port. */
function addressOf(destination: string): string | undefined {
  return /^(?:sips?:)?([^:;]+)/.exec(destination)?.[1]?.toLowerCase();
}
