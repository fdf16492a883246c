/** How a guest's instructions are run: by the processor, or translated (ten to thirty times slower, works everywhere). */
export type Accelerator = "kvm" | "tcg";

export function acceleratorArgs(accelerator: Accelerator): string[] {
  return accelerator === "kvm"
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", "tcg,thread=multi", "-cpu", "max"];
}

/**
 * A guest that boots a real kernel, finds no root filesystem, and powers off. A boot sector is not enough: nested hosts exist
 * that run one (slowly, by emulating it) and then fail at the kernel's first VEX-encoded instruction or MSR write.
 */
export function probeArgv(kernel: string) {
  return [
    "qemu-system-x86_64",
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
    ...acceleratorArgs("kvm"),
    ...["-m", "256", "-kernel", kernel, "-append", "console=ttyS0 panic=-1"],
  ] as const;
}

/** QEMU does not end by itself after this; it stops the guest and waits. */
export const KVM_FAILURE = /KVM internal error|failed to set MSR|kvm_init_vcpu failed|Could not access KVM/;

/** Whether the probing guest came as far as a kernel can without a disk. */
export function probeSucceeded(exitCode: number, output: string): boolean {
  return exitCode === 0 && output.includes("Unable to mount root fs") && !KVM_FAILURE.test(output);
}
