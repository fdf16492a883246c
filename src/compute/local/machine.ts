import { isContainerProcess, type Container } from "./container.js";
import type { Accelerator } from "./accelerator.js";
import type { VirtualMachine } from "./vm.js";

/** What a local host is: its record tells the one from the other by `engine`, which the records of virtual machines never had. */
export type Machine = VirtualMachine | Container;

export function isContainer(machine: Machine): machine is Container {
  return "engine" in machine;
}

/** Whether a process with these arguments is the machine's. */
export function isProcessOf(machine: Machine, argv: readonly string[]): boolean {
  if (isContainer(machine)) return isContainerProcess(machine, argv);
  return argv.some((arg, index) => arg === machine.pidfile && argv[index - 1] === "-pidfile");
}

/** What runs a host's instructions: a virtual machine, accelerated or not, or this machine's own kernel. */
export type Runner = Accelerator | "container";
export type EngineSetting = "auto" | "vm" | "container";

/** A virtual machine at full speed, else a container, else a virtual machine at a tenth of it. What need not be known is not tried. */
export async function chooseRunner(
  engine: EngineSetting,
  tried: { accelerator: () => Promise<Accelerator>; containersBoot: () => Promise<boolean> },
): Promise<Runner> {
  if (engine === "container") return "container";
  const accelerator = await tried.accelerator();
  if (engine === "vm" || accelerator === "kvm") return accelerator;
  return (await tried.containersBoot()) ? "container" : accelerator;
}
