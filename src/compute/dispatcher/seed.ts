import { createHash } from "node:crypto";
import type { Fleet } from "../../understand/fleet.js";
import { destination } from "../../understand/destination.js";
import { generatedNote } from "../artefact.js";
import { databaseLock } from "../host/contract.js";
import { renderTemplate } from "../template.js";

/** One row of Kamailio's dispatcher table. */
export interface DispatcherRow {
  setid: number;
  destination: string;
  flags: number;
  priority: number;
  attrs: string;
  description: string;
}

/** The dispatcher rows that the fleet file asks for, in its order. */
export function dispatcherRows(fleet: Pick<Fleet, "recorders">): DispatcherRow[] {
  return fleet.recorders.map((recorder) => ({
    setid: recorder.siprec_set,
    destination: destination(recorder),
    flags: recorder.siprec_flags,
    priority: recorder.siprec_priority,
    attrs: recorder.siprec_attrs.trim(),
    description: recorder.name,
  }));
}

/** Templates of the seed, read by the caller: this module touches no files. */
export interface SeedTemplates {
  seed: string;
  schema: string;
}

/** What a list that was applied before does: hosts skip it, so that none brings an old one back; an operator means it. */
export type SeedAgain = "skip" | "apply";

/**
 * The SQL that brings the dispatcher table to what the fleet file wants: one transaction, safe when many hosts run it
 * at once, applied once for each version of the list. It needs Kamailio's own tables `dispatcher` and `version`.
 * `adopt`: a row with a recorder's address is the recorder's, whatever its description.
 */
export function seedSql(
  fleet: Pick<Fleet, "name" | "generation" | "recorders">,
  templates: SeedTemplates,
  { again = "skip", adopt = false }: { again?: SeedAgain; adopt?: boolean } = {},
): string {
  const rows = dispatcherRows(fleet);
  return renderTemplate(templates.seed, {
    note: generatedNote("--"),
    lock: databaseLock,
    schema: templates.schema,
    fleet: fleet.name,
    generation: fleet.generation,
    digest: createHash("sha256").update(JSON.stringify(rows)).digest("hex"),
    onConflict: again === "skip" ? "NOTHING" : "UPDATE SET applied_at = now()",
    adopt,
    rows,
  });
}
