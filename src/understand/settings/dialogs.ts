import { secret } from "./secret-kind.js";
import { optional } from "./setting.js";

/** How the proxies of a fleet know calls that another one has set up. */
export const dialogSettings = {
  dialog_secret: optional(
    secret,
    "Secret that marks calls, random and the same on all proxies (openssl rand -hex 24): a platform can then continue a call at another proxy.",
    { secret: true, defaultText: "each host has its own, and its calls continue there only" },
  ),
  dialog_secret_other: optional(
    secret,
    "Second dialog_secret, whose marks are valid too. Use it to replace the secret: first give the next one, then the previous one.",
    { secret: true },
  ),
};
