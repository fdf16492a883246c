import { groupName } from "../../../compute/host/contract.js";
import { ownAlarms } from "../compute/group/alarms.js";
import { refuseForeignGroup } from "../compute/group/current.js";
import { groupPlan, waitingVersion, type GroupChange } from "../compute/group/plan.js";
import { groupSpec } from "../compute/group/spec.js";
import { ownerOf } from "../compute/ownership.js";
import type { Subnet } from "../compute/subnet.js";
import { fleetTags } from "../compute/tags.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Group, Host } from "../../../understand/fleet.js";
import { addressesOfPool } from "./addresses.js";
import type { Aws } from "./aws.js";
import { readGroup } from "./group-state.js";
import { amiToLaunch } from "./images.js";
import { Maker } from "./make-calls.js";
import { planSecurityGroups, type SecurityGroupPlan } from "./security-groups.js";
import { describeSubnets } from "./subnets.js";
import { poll } from "../../../do/wait.js";
import { pause } from "./pause.js";

/** The changes that apply would make, with notes for the operator. */
export interface PlannedGroup {
  name: string;
  changes: GroupChange[];
  notes: string[];
}

/** A fleet's group, the host that represents its instances, and their user-data (gzip). */
export interface WantedGroup {
  fleet: Fleet;
  group: Group;
  host: Host;
  userData: Buffer;
}

/**
 * Compares the fleet file with AWS. Changes nothing. Throws UserError if a resource with the same name does not belong to the fleet and
 * must not be adopted.
 */
export async function planGroup(
  aws: Aws,
  { fleet, group, host, userData }: WantedGroup,
  adopt: boolean,
): Promise<PlannedGroup> {
  const subnets = await describeSubnets(aws, group.subnets);
  refuseForeignSubnets(group, subnets);
  const ami = await amiToLaunch(aws, fleet);
  const security = await planSecurityGroups(aws, fleet, subnets[0]?.vpcId, adopt);
  const spec = groupSpec(fleet, group, host, { ami, securityGroupIds: security.ids, userData });
  const found = await readGroup(aws, groupName(fleet.name, group.name));
  const owner = ownerOf(fleet, host);
  refuseForeignGroup(found, owner, { adopt });
  const current = { ...found, alarms: ownAlarms(spec.alarms, found.alarms, owner, { adopt }) };
  const waiting = waitingVersion(spec, current);
  return {
    name: spec.name,
    changes: [...securityChanges(security), ...groupPlan(spec, current, fleetTags(fleet))],
    notes: [
      ...(waiting === undefined ? [] : [waiting]),
      ...zoneNotes(subnets),
      ...(await poolNotes(aws, group)),
    ],
  };
}

/** Makes exactly the changes of the plan, in its order. */
export async function applyGroup(aws: Aws, plan: PlannedGroup): Promise<void> {
  const maker = new Maker(aws);
  for (const { calls } of plan.changes) for (const call of calls) await maker.make(call);
}

/**
 * Checks that the result is as planned. If two applies run at once, the last one wins, and the other one fails here. A change that AWS
 * still shows in its old state is ignored: it may be slow, or not accept the value.
 */
export async function confirmGroup(aws: Aws, wanted: WantedGroup, { changes }: PlannedGroup): Promise<void> {
  const own = new Set(changes.map(told));
  let left: GroupChange[] = [];
  await poll(
    async () => {
      left = (await planGroup(aws, wanted, true)).changes;
      return left.length === 0 ? true : undefined;
    },
    { pause: pause(2), timeout: pause(10) },
  );
  const others = left.filter((change) => !own.has(told(change)));
  if (others.length === 0) return;
  throw new UserError(
    `another process changed the group at the same time: ${others.map(({ what }) => what).join("; ")}`,
    {
      hint: "check with sip-proxy group plan FLEET whether another apply of this fleet is running, then apply again",
    },
  );
}

function told({ what, differences }: GroupChange): string {
  return differences.length === 0 ? what : JSON.stringify(differences);
}

function refuseForeignSubnets(group: Group, subnets: readonly Subnet[]): void {
  const vpcs = [...new Set(subnets.map(({ vpcId }) => vpcId))];
  if (vpcs.length <= 1) return;
  throw new UserError(`the subnets of group ${group.name} are in more than one VPC: ${vpcs.join(", ")}`);
}

function securityChanges({ calls }: SecurityGroupPlan): GroupChange[] {
  return calls.map((call) => ({
    kind: call.action === "ec2:CreateSecurityGroup" ? "create" : "change",
    what: `security group: ${describe(call)}`,
    differences: [],
    calls: [call],
  }));
}

function describe(call: SecurityGroupPlan["calls"][number]): string {
  if (call.action === "ec2:CreateSecurityGroup") return `${call.input.GroupName} in ${call.input.VpcId}`;
  if (call.action !== "ec2:AuthorizeSecurityGroupIngress" && call.action !== "ec2:RevokeSecurityGroupIngress")
    return call.action;
  const rules = (call.input.IpPermissions ?? []).map(
    ({ IpProtocol, FromPort, ToPort, IpRanges }) =>
      `${IpProtocol} ${FromPort}${FromPort === ToPort ? "" : `-${ToPort}`} from ${IpRanges?.[0]?.CidrIp ?? "others"}`,
  );
  const verb = call.action === "ec2:AuthorizeSecurityGroupIngress" ? "let in" : "shut out";
  return `${verb} ${rules.join(", ")}`;
}

function zoneNotes(subnets: readonly Subnet[]): string[] {
  const zones = [...new Set(subnets.map(({ zone }) => zone))];
  if (zones.length > 1) return [];
  return [
    `all instances are in ${zones[0] ?? "one zone"}: use subnets in several zones, so that the group survives the failure of one`,
  ];
}

/** Notes about too few addresses in the pool: an instance without one never becomes ready, and a roll needs more than usual. */
async function poolNotes(
  aws: Aws,
  { elastic_ip_pool, max, max_healthy_percentage }: Group,
): Promise<string[]> {
  if (elastic_ip_pool === undefined) return [];
  const addresses = await addressesOfPool(aws, elastic_ip_pool);
  const needed = Math.ceil((max * max_healthy_percentage) / 100);
  if (addresses.length >= needed) return [];
  return [
    `the pool ${elastic_ip_pool} has ${addresses.length} Elastic IPs; a roll of ${max} instances needs ${needed}: allocate more with the tag sip-proxy:elastic-ip-pool=${elastic_ip_pool}`,
  ];
}
