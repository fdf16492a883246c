import type { Cloud } from "./cloud.js";

/** Creates an instance profile, without an SDK client: nothing else needs IAM. */
export async function makeProfile({ moto }: Cloud, name: string): Promise<void> {
  const scope = "Credential=test/20260101/us-east-1/iam/aws4_request";
  const answer = await fetch(moto.url, {
    method: "POST",
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none` },
    body: new URLSearchParams({
      Action: "CreateInstanceProfile",
      Version: "2010-05-08",
      InstanceProfileName: name,
    }),
  });
  if (answer.status !== 200) throw new Error(`no instance profile ${name}: ${answer.status}`);
}
