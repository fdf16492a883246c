import { talk } from "../../../cli/talk.js";
import { UserError } from "../../../errors.js";

/** Looks at a region. One that the fleet file does not name may be out of reach by now: that is told, and the others go on. */
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
