import { ModifyImageAttributeCommand } from "@aws-sdk/client-ec2";
import type { Cloud } from "./cloud.js";
import { eachOf } from "./each-of.js";

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
      const body = eachOf(answer.body, "imagesSet", "item", (item) => {
        const [, id = ""] = /<imageId>(ami-\w+)</.exec(item) ?? [];
        const marked = this.protected.has(id)
          ? item.replace(/<.item>$/, "<deregistrationProtection>enabled</deregistrationProtection>$&")
          : item;
        if (!this.disabled.has(id)) return marked;
        const state = marked.replace("<imageState>available", "<imageState>disabled");
        return shown ? state : state.replaceAll(/sip-proxy:/g, "hidden:");
      });
      return { ...answer, body };
    });
  }
}
