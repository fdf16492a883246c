import { secret } from "./secret-kind.js";
import { optional } from "./setting.js";

/** How the proxies of a fleet know calls that another one has set up. */
export const dialogSettings = {
  dialog_secret: optional(
    secret,
    "What calls are marked with, random and the same for all proxies (openssl rand -hex 24): a platform may then go on with a call at another proxy.",
    { secret: true, defaultText: "each host has one of its own, and calls go on there alone" },
  ),
  dialog_secret_other: optional(
    secret,
    "A second dialog_secret, whose marks are valid too, while they are exchanged: first the next one, then the last one.",
    { secret: true },
  ),
};
