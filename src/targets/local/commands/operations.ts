import type { Operations } from "../../target.js";
import { bake } from "./bake.js";
import { comparedImages, listedImages, prune } from "./images.js";
import { loaded, reach, status, withHosts } from "./hosts.js";

export const operations: Operations = {
  bake,
  images: listedImages,
  compared: comparedImages,
  prune,
  withHosts,
  status,
  reach,
  loaded,
};
