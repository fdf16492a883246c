import { UserError } from "../../../errors.js";
import type { Image } from "../../../understand/fleet.js";
import { localArchitecture } from "../understand/architecture.js";

/** Throws UserError for a fleet with images of another architecture. */
export function refuseOtherArchitecture({ architecture }: Image): void {
  if (architecture === localArchitecture) return;
  throw new UserError(
    `image.architecture is ${architecture}: local images and hosts are ${localArchitecture}`,
    {
      hint: "bake with --target ec2; to try the fleet on this machine, remove architecture in a copy of the file",
    },
  );
}
