import type { Artefact } from "../../../src/compute/artefact.js";

/** Replaces `systemctl show` and `kill` for units of the media relay in a sandbox without systemd: finds processes by their arguments. */
export const systemctl: Artefact = {
  path: "usr/bin/systemctl",
  mode: 0o755,
  content: `#!/bin/bash
# (RTPProxy writes into its argument of -d, its last one)
unit=\${*: -1}
name=\${unit%.service}
. "/etc/sip-proxy/\${name/@/-}.env"
pid=$(pgrep -f -- "^[^ ]*\${name%@*} \${OPTIONS% -d *}")
case $1 in
show) echo "\${pid:-0}" ;;
kill) kill -KILL $pid ;;
*) exit 1 ;;
esac
`,
};
