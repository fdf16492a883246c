import { gzipSync } from "node:zlib";
import { cloudFormation } from "../../src/targets/ec2/compute/cloudformation/export.js";
import type { Fleet } from "../../src/understand/fleet.js";
import { fleetOf } from "./fleets.js";

/** A fleet whose group uses all features of the template, with parts replaced. */
export function fleetForExport({
  group,
  ...parts
}: { group?: object; [section: string]: unknown } = {}): Fleet {
  return fleetOf({
    database: { dbhost: "database.example.com", dbpass_kam: "${secretsmanager:kam#password}" },
    group: {
      name: "proxies",
      subnets: ["subnet-01234567", "subnet-89abcdef"],
      target_calls: 400,
      alarm_actions: ["arn:aws:sns:eu-west-1:123456789012:voice"],
      warm_pool: 1,
      elastic_ip_pool: "voice",
      deletion_protection: "prevent-force-deletion",
      ...group,
    },
    launch: { ec2: { region: "eu-west-1", create_security_group: true, associate_public_ip_address: true } },
    ...parts,
  });
}

interface Template {
  Parameters: Record<string, object>;
  Resources: Record<string, { Type: string; Properties: object }>;
}

/** The template of the fleet's group, with some user-data. */
export function exported(fleet: Fleet): Template {
  const host = fleet.hosts.find(({ kind }) => kind === "group");
  if (!fleet.group || !host) throw new Error("no group");
  const { text } = cloudFormation.document(fleet, fleet.group, host, gzipSync("#cloud-config\n"));
  return JSON.parse(text) as Template;
}
