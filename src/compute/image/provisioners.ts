import type { Fleet } from "../../understand/fleet.js";
import { kamailioOrigin } from "./kamailio-origin.js";

/** Where Packer uploads the build folder to, on the builder. */
const upload = "/tmp/sip-proxy";

/** One step of a bake: a script of the package's `packer` folder, as its progress is told. */
interface Step {
  script: string;
  title: string;
}

/** The steps on the builder, in order. The manifest is the last one's work. */
export const bakeSteps: readonly Step[] = [
  { script: "wait-for-cloud-init.sh", title: "waiting for the builder" },
  { script: "install-kamailio.sh", title: "installing Kamailio" },
  { script: "install-media-relay.sh", title: "installing the media relay" },
  { script: "install-files.sh", title: "installing configuration and units" },
  { script: "seal.sh", title: "sealing" },
  { script: "verify.sh", title: "verifying" },
];

/** The line on which a step's start is found in Packer's output. */
export const stepMarker = "sip-proxy-step:";

/** What the marker says when the steps are over and Packer goes on alone. */
export const finishStep = "finish";

/** Packer's provisioners, in order: upload, run each step as root, fetch the manifest. */
export function provisioners(image: Fleet["image"], outputDirectory: string): object[] {
  const origin = kamailioOrigin(image.kamailio_version);
  const environment = [
    `KAMAILIO_FROM=${origin.from}`,
    `KAMAILIO_VERSION=${origin.version}`,
    `MEDIA_RELAY=${image.media_relay}`,
  ];
  const run = ({ script }: Step) => ({
    shell: {
      inline: [
        `echo '${stepMarker} ${script}'`,
        `sudo env ${environment.join(" ")} bash ${upload}/packer/${script}`,
      ],
    },
  });
  return [
    { shell: { inline: [`mkdir -p ${upload}`] } },
    ...["packer", "rootfs", "sources"].map((folder) => ({ file: { source: folder, destination: upload } })),
    ...bakeSteps.map(run),
    {
      file: {
        direction: "download",
        source: "/tmp/sip-proxy-manifest.json",
        destination: `${outputDirectory}/contents.json`,
      },
    },
    { shell: { inline: [`echo '${stepMarker} ${finishStep}'`, "sudo rm -f /tmp/sip-proxy-manifest.json"] } },
  ];
}
