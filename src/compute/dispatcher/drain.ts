import { databaseLock } from "../host/contract.js";
import { renderTemplate } from "../template.js";
import type { DispatcherRow } from "./seed.js";

export type Destination = Pick<DispatcherRow, "setid" | "destination">;

export interface DrainChoices {
  undo?: boolean;
  /** Drain even the last recorder of a set. */
  force?: boolean;
}

/** The SQL that drains recorders, or returns them to service. `template`: drain.sql.hbs. */
export function drainSql(
  template: string,
  rows: readonly Destination[],
  { undo = false, force = false }: DrainChoices = {},
): string {
  return renderTemplate(template, { lock: databaseLock, undo, guarded: !undo && !force, rows });
}
