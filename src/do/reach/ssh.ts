import { operatorSshArgv } from "../../compute/reach/ssh.js";
import { UserError } from "../../errors.js";
import type { Reached } from "../../targets/reach.js";
import type { Host } from "../../understand/fleet.js";
import { attempt } from "../process.js";
import { SSH_FAILED } from "../local/ssh.js";

/** Reaches a host at an address by the operator's ssh program. */
export function reachBySsh(name: string, host: Host, address: string): Reached {
  const argv = operatorSshArgv(address);
  return {
    name,
    host,
    stream: () => Promise.resolve(argv),
    run: async (input, timeout) => {
      const result = await attempt({ argv, input, timeout });
      if (result.exitCode !== SSH_FAILED) return result;
      throw new UserError(`not reachable: ssh ${address}: ${result.stderr.trim().split("\n").at(-1) ?? ""}`, {
        hint: `ssh ${address} must log you in without a prompt; set user, port, key and jump hosts in ~/.ssh/config`,
      });
    },
  };
}
