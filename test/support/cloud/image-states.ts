import { ModifyImageAttributeCommand } from "@aws-sdk/client-ec2";
import type { Cloud } from "./cloud.js";

/** Stand-ins for states of images that moto does not have: disabled, and deregistration protection. */
export class ImageStates {
  readonly disabled = new Set<string>();
  readonly protected = new Set<string>();

  constructor(cloud: Cloud) {
    const { standIns } = cloud.proxy;
    standIns.set("DisableImage", async ({ params }) => {
      const id = String(params["ImageId"]);
      this.disabled.add(id);
      const LaunchPermission = { Remove: [{ UserId: "444455556666" }, { UserId: "555566667777" }] };
      await cloud.ec2.send(new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission }));
      return { body: "<DisableImageResponse><return>true</return></DisableImageResponse>" };
    });
    standIns.set("EnableImage", ({ params }) => {
      this.disabled.delete(String(params["ImageId"]));
      return { body: "<EnableImageResponse><return>true</return></EnableImageResponse>" };
    });
    standIns.set("DescribeImages", async ({ params }, forward) => {
      const answer = await forward();
      const shown = params["IncludeDisabled"] === "true";
      const body = answer.body.replaceAll(
        /<item>\s*<imageId>(ami-\w+)<[^]*?<\/imageState>/g,
        (item, id: string) => {
          const mark = this.protected.has(id)
            ? "<deregistrationProtection>enabled</deregistrationProtection>"
            : "";
          if (!this.disabled.has(id)) return item + mark;
          const state = item.replace("<imageState>available", "<imageState>disabled") + mark;
          return shown ? state : state.replaceAll(/sip-proxy:/g, "hidden:");
        },
      );
      return { ...answer, body };
    });
  }
}
