import type { Fleet } from "../../understand/fleet.js";
import { relayOf } from "../../relay/registry.js";
import { addsAnything, addsFiles, addsPackages } from "./additions.js";
import { kamailioOrigin } from "./kamailio-origin.js";

/** Name of the bill of materials, beside an image's lock file and in the image. */
export const sbomFileName = "sbom.cdx.json";

/** Output file of list-packages.sh. */
export const listedFile = "packages.tsv";

/** Folder on the builder to which Packer uploads the build folder. */
const upload = "/tmp/sip-proxy";

/**
 * The two parts of a bake. A builder that is a container runs them separately, as sources with these names. The result of the first is kept
 * until packages change, so most bakes run only the second.
 */
export const bakeParts = { packages: "null.packages", files: "null.files" } as const;

type Part = keyof typeof bakeParts;

/** One step of a bake: a script of the package's `packer` folder, with a title for progress messages. */
export interface BakeStep {
  script: string;
  title: string;
  /** Default: both parts. */
  part?: Part;
  /** Whether an image needs the step. Default: all images. */
  of?: (image: Image) => boolean;
}

type Image = Fleet["image"];

/** The steps on the builder, in order. verify.sh writes the manifest. */
const allSteps: readonly BakeStep[] = [
  { script: "wait-for-cloud-init.sh", title: "waiting for the builder" },
  { script: "install-kamailio.sh", title: "installing Kamailio", part: "packages" },
  { script: "install-media-relay.sh", title: "installing the media relay", part: "packages" },
  { script: "install-packages.sh", title: "installing further packages", part: "packages", of: addsPackages },
  {
    script: "unattended-upgrades.sh",
    title: "installing unattended-upgrades",
    part: "packages",
    of: ({ unattended_upgrades }) => unattended_upgrades,
  },
  { script: "install-files.sh", title: "installing configuration and units", part: "files" },
  { script: "add-files.sh", title: "adding files, running scripts", part: "files", of: addsFiles },
  { script: "list-packages.sh", title: "listing packages", part: "files" },
  { script: "seal.sh", title: "sealing", part: "files" },
  { script: "verify.sh", title: "verifying", part: "files" },
  { script: "clear.sh", title: "clearing what was deleted", part: "files" },
];

export function bakeSteps(image: Image): BakeStep[] {
  return allSteps.filter(({ of }) => of?.(image) ?? true);
}

/** Scripts that run after the packages are installed. */
export const laterScripts = [
  ...allSteps.filter(({ part }) => part === "files").map(({ script }) => script),
  "free_blocks.py",
];

/** All steps on a builder, in order. `last`: title of the step after the scripts. */
export function builderSteps(image: Image, last: string): BakeStep[] {
  return [
    { script: "boot", title: "booting the builder" },
    ...bakeSteps(image),
    { script: finishStep, title: last },
  ];
}

/** Prefix of the line that marks the start of a step in Packer's output. */
export const stepMarker = "sip-proxy-step:";

/** Name after the marker when all steps have ended and only Packer continues. */
export const finishStep = "finish";

/** Name after the marker when Packer waits for the bill of materials of the packages that list-packages.sh has listed. */
export const sbomStep = "sbom";

/** Environment variable that is set if bake-image runs Packer. A Packer started by hand continues without a bill of materials. */
export const answeredVariable = "SIP_PROXY_ANSWERED";

/** Downloads the list of packages, and uploads the bill of materials, which is made from it on the machine that runs Packer. */
function exchangeSbom(outputDirectory: string): object[] {
  const sbom = `${outputDirectory}/${sbomFileName}`;
  const wait = [
    `echo '${stepMarker} ${sbomStep}'`,
    `while [ -n "$${answeredVariable}" ] && [ ! -e '${sbom}' ]; do [ ! -e '${sbom}.failed' ] || exit 1; sleep 0.1; done`,
    `[ -e '${sbom}' ] || : >'${sbom}'`,
  ];
  return [
    download(`${upload}/${listedFile}`, `${outputDirectory}/${listedFile}`),
    { "shell-local": { ...only("files"), inline: wait } },
    // the file does not exist yet when the template is validated
    { file: { ...only("files"), generated: true, source: sbom, destination: `${upload}/${sbomFileName}` } },
  ];
}

function download(source: string, destination: string): object {
  return { file: { ...only("files"), direction: "download", source, destination } };
}

/** Packer's provisioners, in order: upload, run each step as root, fetch the manifest. */
export function provisioners(image: Image, outputDirectory: string): object[] {
  const environment = bakeEnvironment(image);
  const run = ({ script, part }: BakeStep) =>
    shell(
      [`echo '${stepMarker} ${script}'`, `sudo env ${environment.join(" ")} bash ${upload}/packer/${script}`],
      part,
    );
  const uploads: readonly (readonly [string, Part?])[] = [
    ["packer"],
    ["rootfs", "files"],
    ["sources", "packages"],
    ...(addsAnything(image) ? [["added"] as const] : []),
  ];
  const contents = "/tmp/sip-proxy-manifest.json";
  return [
    shell([`mkdir -p ${upload}`]),
    ...uploads.map(([source, part]) => ({ file: { ...only(part), source, destination: upload } })),
    ...bakeSteps(image).flatMap((step) =>
      step.script === "list-packages.sh" ? [run(step), ...exchangeSbom(outputDirectory)] : [run(step)],
    ),
    download(contents, `${outputDirectory}/contents.json`),
    shell([`echo '${stepMarker} ${finishStep}'`, `sudo rm -f ${contents}`], "files"),
  ];
}

/** Environment variables for the scripts. */
export function bakeEnvironment(image: Image): string[] {
  const origin = kamailioOrigin(image.kamailio_version);
  return [
    `KAMAILIO_FROM=${origin.from}`,
    `KAMAILIO_VERSION=${origin.version}`,
    `MEDIA_RELAY=${image.media_relay}`,
    `KERNEL_MODULE=${kernelModule(image)}`,
    `UNATTENDED_UPGRADES=${image.unattended_upgrades ? "yes" : "no"}`,
  ];
}

/** Whether to build the relay's kernel module: yes, no, or `auto` (if possible). */
function kernelModule(image: Image): string {
  const { kernel } = relayOf(image);
  if (
    kernel === undefined ||
    kernel.notOn.some((release) => release === image.base) ||
    image.kernel_forwarding === false
  )
    return "no";
  return image.kernel_forwarding === true ? "yes" : "auto";
}

function shell(inline: string[], part?: Part): object {
  return { shell: { ...only(part), inline } };
}

/** Limits a provisioner to the source of one part of a bake. */
function only(part?: Part): object {
  if (part === undefined) return {};
  return { except: [part === "packages" ? bakeParts.files : bakeParts.packages] };
}
