import { databaseLock } from "../host/contract.js";
import { renderTemplate } from "../template.js";
import type { DispatcherRow } from "./seed.js";

/** The flag of a destination that gets no new calls: Kamailio's DS_DISABLED_DST. Requests of calls that it has go on. */
export const DISABLED = 4;

export type Destination = Pick<DispatcherRow, "setid" | "destination">;

export interface DrainChoices {
  undo?: boolean;
  /** Also the last recorder of a set. */
  force?: boolean;
}

/** The SQL that takes recorders out of service, or lets them have calls again; `template` is drain.sql.hbs. */
export function drainSql(
  template: string,
  rows: readonly Destination[],
  { undo = false, force = false }: DrainChoices = {},
): string {
  return renderTemplate(template, { lock: databaseLock, undo, guarded: !undo && !force, rows });
}
