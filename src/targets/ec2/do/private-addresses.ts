import { DescribeNetworkInterfacesCommand } from "@aws-sdk/client-ec2";
import { UserError } from "../../../errors.js";
import type { Host } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";

/** Throws UserError unless the private address in the fleet file is free in the subnet, or used by an instance of the host itself. */
export async function refuseTakenPrivate(
  aws: Aws,
  host: Host,
  subnetId: string | undefined,
  own: readonly string[],
): Promise<void> {
  const address = host.private_ip_address;
  if (address === "auto" || subnetId === undefined) return;
  const Filters = [
    { Name: "addresses.private-ip-address", Values: [address] },
    { Name: "subnet-id", Values: [subnetId] },
  ];
  const { NetworkInterfaces = [] } = await aws.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const holders = NetworkInterfaces.map(
    ({ Attachment, NetworkInterfaceId = "" }) => Attachment?.InstanceId ?? NetworkInterfaceId,
  );
  const other = holders.find((holder) => !own.includes(holder));
  if (other === undefined) return;
  throw new UserError(`${host.name}: ${address} is in use by ${other} in ${subnetId}`, {
    hint: "use another private_ip_address; to swap two addresses, use a third one in between",
  });
}
