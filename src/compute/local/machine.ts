import { isContainerProcess, type Container } from "./container.js";
import type { Accelerator } from "./accelerator.js";
import type { VirtualMachine } from "./vm.js";

/** A local host. Records of containers have `engine`; records of virtual machines do not. */
export type Machine = VirtualMachine | Container;

export function isContainer(machine: Machine): machine is Container {
  return "engine" in machine;
}

/** Whether a process with these arguments belongs to the machine. */
export function isProcessOf(machine: Machine, argv: readonly string[]): boolean {
  if (isContainer(machine)) return isContainerProcess(machine, argv);
  return argv.some((arg, index) => arg === machine.pidfile && argv[index - 1] === "-pidfile");
}

/** How a host runs: as virtual machine, with or without KVM, or as container on this machine's kernel. */
export type Runner = Accelerator | "container";
export type EngineSetting = "auto" | "vm" | "container";

/** Chooses a VM with KVM, or else a container, or else an emulated VM. Tests only what is needed for the choice. */
export async function chooseRunner(
  engine: EngineSetting,
  tried: { accelerator: () => Promise<Accelerator>; containersBoot: () => Promise<boolean> },
): Promise<Runner> {
  if (engine === "container") return "container";
  const accelerator = await tried.accelerator();
  if (engine === "vm" || accelerator === "kvm") return accelerator;
  return (await tried.containersBoot()) ? "container" : accelerator;
}
