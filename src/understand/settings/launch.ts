import { cidr, flag, integer, ipv4, listOf, oneOf, tags, text } from "./types.js";
import { optional, withDefault } from "./setting.js";
import { awsRegion, instanceType, kmsKey, instanceProfile, resourceId } from "./aws-kinds.js";

const interfaceName = text({
  rule: "a network interface name of up to 15 characters",
  pattern: /^[\w.-]{1,15}$/,
});

/** Local hosts: what they run as, and which bridge of this machine they are plugged into. */
export const launchLocalSettings = {
  engine: withDefault(
    oneOf("auto", "vm", "container"),
    "auto",
    "What hosts run as: virtual machines, or systemd-nspawn containers of the same image. auto: VMs where guests really run under KVM, else containers where one really boots, else emulated VMs.",
  ),
  bridge: optional(
    interfaceName,
    "Bridge of this machine that the hosts' network cards are plugged into; launch needs one.",
    {
      defaultText: "none",
    },
  ),
  netns: optional(
    text({ rule: "a network namespace name", pattern: /^[\w.-]{1,64}$/ }),
    "Network namespace that holds the bridge; QEMU is started in it.",
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

/** EC2 instances, single ones and a group's alike. */
export const launchEc2Settings = {
  region: optional(awsRegion, "Region of the instances.", {
    defaultText: "the image's region",
  }),
  ami: optional(text({ rule: "an AMI id", pattern: /^ami-[0-9a-f]{8,17}$/ }), "AMI to launch.", {
    defaultText: "the promoted one",
  }),
  instance_type: withDefault(instanceType, "c7i.large", "Type of the instances."),
  vpc_id: optional(resourceId("vpc"), "VPC in which the security group is made."),
  subnets: withDefault(
    listOf(resourceId("subnet")),
    [],
    "Subnets of single hosts: each goes where its private_ip_address lies; those with auto are spread.",
  ),
  security_group_ids: withDefault(listOf(resourceId("sg")), [], "Security groups of the instances."),
  create_security_group: withDefault(
    flag,
    false,
    "Make a security group that admits SIP and the RTP range, from the trusted networks and the recorders only.",
  ),
  recorder_networks: withDefault(
    listOf(cidr),
    [],
    "Networks of the recorders, for that security group (EC2 allows it 60 rules); each recorder's address when none is given.",
  ),
  elastic_ip: withDefault(
    flag,
    true,
    "Give each single host an Elastic IP: the one that its public_ip_address names, or for auto one that is allocated and tagged for it. Set it to false where a NAT gateway stands before the hosts.",
  ),
  associate_public_ip_address: optional(
    flag,
    "Give instances a public address of the subnet's, where they get no Elastic IP or before they have it.",
    { defaultText: "as the subnet says" },
  ),
  key_name: optional(text({ rule: "a key pair name", pattern: /^[ -~]{1,255}$/ }), "Key pair for SSH."),
  iam_instance_profile: optional(instanceProfile, "Instance profile; secret references and groups need one."),
  host_endpoint_url: optional(
    text({
      rule: "a URL such as http://10.0.0.5, without port and path",
      pattern: /^https?:\/\/[A-Za-z0-9.-]+$/,
    }),
    "Where hosts find all of AWS' services (an emulator). No port: curl does not sign one.",
    { variable: "AWS_ENDPOINT_URL", defaultText: "each service's own endpoint in the region, over HTTPS" },
  ),
  volume_size: withDefault(integer(4, 1024, { unit: "GiB" }), 8, "Size of the root volume in GiB."),
  kms_key_id: optional(kmsKey, "KMS key for the volume's encryption."),
  tags: withDefault(tags, {}, "Tags of the instances and their volumes."),
};
