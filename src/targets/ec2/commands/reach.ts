import { withCleanUp } from "../../../cli/interrupt.js";
import { groupName } from "../../../compute/host/contract.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Reached, Unreached } from "../../reach.js";
import { tagKey } from "../compute/names.js";
import type { Aws } from "../do/aws.js";
import { instancesTagged, instancesWhere, isGone, type FoundInstance } from "../do/instances.js";
import { unmanaged } from "../do/managed.js";
import { RunCommand } from "../do/run-command.js";
import { sshThroughSession } from "../do/session.js";
import { pause } from "../do/pause.js";
import { withAws } from "./with-aws.js";

/** Finds instances of hosts and of a group on which SSM can run commands. */
export function reach(fleet: Fleet, hosts: readonly Host[]): Promise<(Reached | Unreached)[]> {
  return withAws(fleet.launch.ec2.region, {}, async (aws) => {
    const there = (await instancesTagged(aws, { [tagKey.fleet]: fleet.name })).filter((one) => !isGone(one));
    const found = hosts.flatMap((host) => ofHost(fleet, host, there));
    const running = found.flatMap(({ id }) => id ?? []);
    const silent = await unmanaged(aws, running);
    return found.map(({ name, host, id, why }) => {
      const reason = why ?? (id === undefined ? undefined : silent.get(id));
      if (id === undefined || reason !== undefined) return { name, host, why: reason ?? "not launched" };
      return reachInstance(aws, fleet, { name, host, id });
    });
  });
}

/** A running instance, or the reason why there is none. */
interface Found {
  name: string;
  host: Host;
  id?: string;
  why?: string;
}

function ofHost(fleet: Fleet, host: Host, there: readonly FoundInstance[]): Found[] {
  const { name, kind } = host;
  const own = there.filter(({ tags }) => tags[tagKey.host] === name);
  if (kind === "group") return ofGroup(groupName(fleet.name, name), host, own);
  const [instance, ...more] = own;
  if (instance === undefined) return [{ name, host, why: "not launched" }];
  if (more.length > 0) {
    const ids = own.map(({ id }) => id).join(", ");
    return [{ name, host, why: `it has more than one instance: ${ids}` }];
  }
  if (instance.state === "running") return [{ name, host, id: instance.id }];
  return [{ name, host, why: `${instance.id} is ${instance.state}` }];
}

/** Instances of the group, by the tag of Auto Scaling. Those in the warm pool are left out: they have no calls. */
function ofGroup(group: string, host: Host, own: readonly FoundInstance[]): Found[] {
  const members = own.filter(({ tags }) => tags["aws:autoscaling:groupName"] === group);
  const running = members.filter(({ state }) => state === "running");
  if (running.length === 0) return [{ name: host.name, host, why: "no instance of the group is running" }];
  return running.map(({ id }) => ({ name: id, host, id }));
}

/** Reaches an instance through SSM. SSM keeps scripts and answers for 30 days, and limits calls, so repeated queries need long pauses. */
function reachInstance(aws: Aws, fleet: Fleet, { name, host, id }: Required<Omit<Found, "why">>): Reached {
  const login = fleet.image.targets.ec2?.ssh_username ?? "admin";
  return {
    name,
    host,
    stream: () => sshThroughSession(aws.region, login, id),
    keptBy: "SSM's Run Command",
    pause: pause(10),
    runs: async () => {
      const [instance] = await instancesWhere(aws, [{ Name: "instance-id", Values: [id] }]);
      return instance?.state === "running";
    },
    run: (script, timeout) => {
      const commands = new RunCommand(aws, id);
      return withCleanUp(
        () => commands.run(script, timeout),
        () => commands.cancel(),
      );
    },
  };
}
