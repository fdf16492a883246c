import { talk } from "../../../cli/talk.js";
import { UserError } from "../../../errors.js";

/** Works in a region. If it is not reachable and the fleet file does not name it (any more), this only warns. */
export async function passingOver(
  region: string,
  inFile: readonly string[],
  look: () => Promise<void>,
): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof UserError) || inFile.includes(region)) throw error;
    talk.warn(`${region} is not a region of the fleet file; skipped: ${error.message}`);
  }
}
