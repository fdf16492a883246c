import type { Image } from "../../understand/fleet.js";
import { knownRtpproxyReleases } from "../../understand/rtpproxy-releases.js";
import type { SourceLocation } from "../../understand/settings/image.js";
import { kamailioOrigin } from "./kamailio-origin.js";

/** Sources that an image is built from, each pinned (a local path is pinned by the checksum in the manifest). */
export interface PinnedSources {
  rtpproxy?: SourceLocation;
  kamailio?: SourceLocation | { git: string; ref: string };
}

const rtpproxyRepository = "https://github.com/sippy/rtpproxy.git";
const kamailioRepository = "https://github.com/kamailio/kamailio.git";

/** What has to be fetched before a bake; nothing for an image made of packages only. */
export function pinnedSources(image: Image): PinnedSources {
  const kamailio = kamailioOrigin(image.kamailio_version);
  return {
    ...(image.media_relay === "rtpproxy" ? { rtpproxy: rtpproxySource(image) } : {}),
    ...(kamailio.from === "source"
      ? { kamailio: image.kamailio_source ?? { git: kamailioRepository, ref: kamailio.version } }
      : {}),
  };
}

function rtpproxySource(image: Image): SourceLocation {
  if (image.rtpproxy_source) return image.rtpproxy_source;
  const commit = knownRtpproxyReleases[image.rtpproxy_version];
  if (commit === undefined) throw new Error(`RTPProxy ${image.rtpproxy_version} is not pinned`);
  return { git: rtpproxyRepository, commit };
}
