import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { withCleanUp } from "../cli/interrupt.js";
import { count, print, talk } from "../cli/talk.js";
import { findingsText } from "../compute/import/findings.js";
import { importInventory, type Imported } from "../compute/import/import.js";
import { limited } from "../compute/import/inventory.js";
import { readInventory } from "../do/ansible/inventory.js";
import { hostPaths } from "../do/local/paths.js";
import { makeTemporaryFolder } from "../do/temporary-folder.js";
import { writeFiles } from "../do/write-files.js";
import { UserError } from "../errors.js";

export interface ImportOptions {
  playbook?: string;
  out?: string;
  limit?: string;
  proxies?: string;
  recorders?: string;
}

/** `sip-proxy import INVENTORY`: converts an inventory of the Ansible role to a fleet file. */
export async function importFleet(inventory: string, options: ImportOptions): Promise<void> {
  const { out, playbook, limit, ...groups } = options;
  if (out !== undefined && existsSync(out))
    throw new UserError(`${out} already exists`, { hint: "choose another name, or move the file" });
  const folder = await makeTemporaryFolder(join(hostPaths().cache, "import"));
  const read = await withCleanUp(
    () => readInventory({ inventory, folder: folder.path, ...(playbook !== undefined && { playbook }) }),
    folder.remove,
  );
  const imported = importInventory(limit === undefined ? read : limited(read, limit), groups);
  tell(imported, inventory);
  if (out === undefined) print(imported.text);
  else await writeFiles(dirname(out), [{ path: basename(out), content: imported.text, mode: 0o600 }]);
  if (out !== undefined)
    talk.good(`${out} was written; next: sip-proxy validate ${out}, then docs/moving.md`);
}

/** Warns about values to check. Throws UserError with all values that cannot be converted; nothing is written then. */
function tell({ notes, problems }: Imported, inventory: string): void {
  // with problems, no fleet file is written, so notes about it would have no use
  if (notes.length > 0 && problems.length === 0)
    talk.warn(`Check these before you use the fleet file:\n${findingsText(notes)}\n`);
  if (problems.length === 0) return;
  throw new UserError(
    `${inventory}: ${count(problems, "value")} cannot be converted; nothing was written\n${findingsText(problems)}`,
    { hint: "fix them in the inventory and run import again" },
  );
}
