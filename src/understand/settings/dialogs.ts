import { secret } from "./secret-kind.js";
import { optional } from "./setting.js";

/** How a proxy recognises calls that another proxy of the fleet has set up. */
export const dialogSettings = {
  dialog_secret: optional(
    secret,
    "Random secret for the marks in calls, the same on all proxies (openssl rand -hex 24), so that a platform can continue a call at another proxy.",
    { secret: true, defaultText: "a random one for each host; calls then continue at that host only" },
  ),
  dialog_secret_other: optional(
    secret,
    "Second dialog_secret; marks with it are valid too. Use it to replace the secret: set it first to the next secret, then to the previous one.",
    { secret: true },
  ),
};
