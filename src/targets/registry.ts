import { ec2 } from "./ec2/target.js";
import { local } from "./local/target.js";

/** Every target there is, by the name that the fleet file and the command line have for it. */
export const targets = { local, ec2 };
