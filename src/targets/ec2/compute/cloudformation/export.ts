import { secretsInUserData } from "../../../../compute/host/secrets.js";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet, Host } from "../../../../understand/fleet.js";
import type { Exporter } from "../../../target.js";
import { placeFaults } from "../group/faults.js";
import { stackTemplate } from "./template.js";

/** Largest template in bytes, without S3: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const bodyLimit = 51_200;

/** The group as a CloudFormation template in JSON. */
export const cloudFormation: Exporter = {
  faults: (fleet) => [...placeFaults(fleet), ...secretFaults(fleet)],
  document: (fleet, group, host, userData) => {
    const text = `${JSON.stringify(stackTemplate(fleet, group, host, userData), null, 2)}\n`;
    const bytes = Buffer.byteLength(text);
    return {
      text,
      notes:
        bytes > bodyLimit
          ? [
              `the template has ${bytes} bytes; CloudFormation accepts templates over ${bodyLimit} bytes from S3 only`,
            ]
          : [],
    };
  },
};

/** Refuses user-data with the text of a secret: templates are stored and readable in CloudFormation. */
function secretFaults(fleet: Fleet): Fault[] {
  return fleet.hosts
    .filter(({ kind }) => kind === "group")
    .flatMap((host) =>
      secretsInUserData(fleet, host).map((name) => ({
        path: placeOf(host, name),
        message: "would be readable in the template",
        hint: `use a reference that hosts resolve with their role: "\${secretsmanager:NAME}" or "\${ssm:/NAME}"`,
      })),
    );
}

function placeOf({ origins, path }: Host, name: string): Fault["path"] {
  return name.startsWith("db") ? ["database", name] : (origins.get(name) ?? path);
}
