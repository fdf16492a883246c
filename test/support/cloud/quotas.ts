import type { AwsRequest } from "./aws-request.js";
import type { Cloud } from "./cloud.js";

const type = "application/x-amz-json-1.1";

/** Stand-in for Service Quotas with EC2's quotas by code; moto has only those of VPC. */
export function playQuotas({ proxy }: Cloud, quotas: Record<string, number>): void {
  proxy.standIns.set("GetServiceQuota", ({ params }: AwsRequest) => {
    const Value = quotas[String(params["QuotaCode"])];
    if (params["ServiceCode"] !== "ec2" || Value === undefined)
      return { status: 400, type, body: JSON.stringify({ __type: "NoSuchResourceException", message: "" }) };
    return { type, body: JSON.stringify({ Quota: { ...params, Value } }) };
  });
}
