import { listVms } from "../../../do/local/vm-store.js";
import { UserError } from "../../../errors.js";
import type { Host } from "../../../understand/fleet.js";

/**
 * Throws UserError if a host would get the address of another running host of the fleet, unless that one is replaced before: two hosts
 * with one address would disturb each other's calls. `hosts`: in the order of their launches.
 */
export async function refuseTakenAddresses(fleet: string, hosts: readonly Host[]): Promise<void> {
  const running = (await listVms({ fleet })).filter((vm) => vm.running !== undefined);
  const moved = new Set<string>();
  for (const { name, private_ip_address: address } of hosts) {
    moved.add(name);
    const holder = running.find(
      ({ record }) => record.address === address && !moved.has(record.machine.name),
    );
    if (holder === undefined) continue;
    const other = holder.record.machine.name;
    throw new UserError(`${name} has ${address} in the fleet file, but ${other} is running at that address`, {
      hint: `first move ${other} to another address (sip-proxy fleet roll FLEET ${other} --target local) or terminate it; to swap two addresses, use a third one in between`,
    });
  }
}
