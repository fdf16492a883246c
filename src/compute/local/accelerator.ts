/** How QEMU runs a guest: by the processor (kvm), or by translation (tcg), which is 10 to 30 times slower but works everywhere. */
export type Accelerator = "kvm" | "tcg";

export function acceleratorArgs(accelerator: Accelerator): string[] {
  return accelerator === "kvm"
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", "tcg,thread=multi", "-cpu", "max"];
}

/**
 * QEMU's command line for a guest that boots a real kernel, finds no root filesystem, and powers off. A boot sector is not a sufficient
 * test: some nested hosts run one by slow emulation, and then fail at the kernel's first VEX-encoded instruction or MSR write.
 */
export function probeArgv(kernel: string) {
  return [
    "qemu-system-x86_64",
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
    ...acceleratorArgs("kvm"),
    ...["-m", "256", "-kernel", kernel, "-append", "console=ttyS0 panic=-1"],
  ] as const;
}

/** Messages after which QEMU stops the guest and waits, without ending. */
export const KVM_FAILURE = /KVM internal error|failed to set MSR|kvm_init_vcpu failed|Could not access KVM/;

/** Whether the test guest has reached the point at which a kernel without a disk stops. */
export function probeSucceeded(exitCode: number, output: string): boolean {
  return exitCode === 0 && output.includes("Unable to mount root fs") && !KVM_FAILURE.test(output);
}
