import { removeMachine, stopMachine } from "../../../do/local/machine.js";
import { findVm } from "../../../do/local/vm-store.js";
import type { Fleet, Host } from "../../../understand/fleet.js";

/** Stops the host. It can be launched again. */
export async function stopLocal(fleet: Fleet, host: Host): Promise<string> {
  const vm = await findVm(fleet.name, host.name);
  return vm ? stopMachine(vm.record) : "there is no such host";
}

/** Ends the host and removes all its files and devices. */
export async function terminateLocal(fleet: Fleet, host: Host): Promise<string> {
  const vm = await findVm(fleet.name, host.name);
  if (!vm) return "there is no such host";
  await removeMachine(vm.record);
  return "terminated";
}

/** What stop or terminate would do, in words. */
export async function wouldEnd(fleet: Fleet, host: Host, how: "stop" | "terminate"): Promise<string> {
  const vm = await findVm(fleet.name, host.name);
  if (!vm) return "there is no such host";
  return vm.running || how === "terminate" ? `would ${how}` : "is stopped already";
}
