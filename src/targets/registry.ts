import { ec2 } from "./ec2/target.js";
import { local } from "./local/target.js";

/** All targets, by their names in the fleet file and on the command line. */
export const targets = { local, ec2 };
