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

/** The dispatcher rows of the fleet file, in its order. */
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

/** Templates of the seed. The caller reads them, because this module is pure. */
export interface SeedTemplates {
  seed: string;
  schema: string;
}

/** What to do with a list that was applied before: hosts skip it, so that none restores an old list; operators apply it again. */
export type SeedAgain = "skip" | "apply";

/**
 * The SQL that changes the dispatcher table to the fleet file's recorders, in one transaction. Many hosts can run it at the same
 * time. Each version of the list is applied once. It needs Kamailio's tables `dispatcher` and `version`.
 * `adopt`: a row with a recorder's address becomes the recorder's, even if its description differs.
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
