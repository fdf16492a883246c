import { optional, withDefault } from "../../../understand/settings/setting.js";
import { integer, ipv4, listOf, oneOf, text } from "../../../understand/settings/types.js";

export const imageLocalSettings = {
  disk_size: withDefault(integer(2, 1024, { unit: "GiB" }), 4, "Size of the image's disk in GiB."),
  memory: withDefault(integer(512, 65536, { unit: "MiB" }), 2048, "Memory of the build VM in MiB."),
  cpus: withDefault(integer(1, 64), 2, "Processors of the build VM."),
};

const interfaceName = text({
  rule: "a network interface name of up to 15 characters",
  pattern: /^[\w.-]{1,15}$/,
});

/** Settings of local hosts: VM or container, and the bridge that they are connected to. */
export const launchLocalSettings = {
  engine: withDefault(
    oneOf("auto", "vm", "container"),
    "auto",
    "How hosts run: as virtual machines, or as systemd-nspawn containers of the same image. auto: VMs if KVM works, otherwise containers if one boots, otherwise emulated VMs.",
  ),
  bridge: optional(
    interfaceName,
    "Bridge of this machine to which the hosts' network cards are connected; required for launch.",
    {
      defaultText: "none",
    },
  ),
  netns: optional(
    text({ rule: "a network namespace name", pattern: /^[\w.-]{1,64}$/ }),
    "Network namespace that holds the bridge: VMs are started in it, containers are connected to it, and commands reach the hosts through it. Commands that log in to the database do not enter it: run them with `ip netns exec NETNS`.",
  ),
  prefix_length: withDefault(integer(8, 30), 24, "Length of the private network's prefix."),
  gateway: optional(ipv4, "Default gateway of the hosts."),
  nameservers: withDefault(listOf(ipv4), [], "DNS servers of the hosts."),
  memory: withDefault(
    integer(512, 65536, { unit: "MiB" }),
    1024,
    "Memory of a VM in MiB; containers share this machine's.",
  ),
  cpus: withDefault(integer(1, 64), 1, "Processors of a VM; containers share this machine's."),
};
