import type { Fleet } from "../../understand/fleet.js";
import { relayOf } from "../../relay/registry.js";
import { addsAnything, addsFiles, addsPackages } from "./additions.js";
import { kamailioOrigin } from "./kamailio-origin.js";

/** Name of the bill of materials, beside an image's lock file and in the image. */
export const sbomFileName = "sbom.cdx.json";

/** What list-packages.sh writes. */
export const listedFile = "packages.tsv";

/** Where Packer uploads the build folder to, on the builder. */
const upload = "/tmp/sip-proxy";

/**
 * The two parts of a bake. A builder that is a container does them apart, as sources of these names: what the first has made is kept until
 * the packages change, and most bakes do the second alone.
 */
export const bakeParts = { packages: "null.packages", files: "null.files" } as const;

type Part = keyof typeof bakeParts;

/** One step of a bake: a script of the package's `packer` folder, as its progress is told. */
export interface BakeStep {
  script: string;
  title: string;
  /** Of both parts when not given. */
  part?: Part;
  /** The images that have it; all when not given. */
  of?: (image: Image) => boolean;
}

type Image = Fleet["image"];

/** The steps on the builder, in order. The manifest is the work of verify.sh. */
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

/** Scripts that are run when the packages are in. */
export const laterScripts = [
  ...allSteps.filter(({ part }) => part === "files").map(({ script }) => script),
  "free_blocks.py",
];

/** All that a builder does, in order; `last` tells what comes when the scripts are through. */
export function builderSteps(image: Image, last: string): BakeStep[] {
  return [
    { script: "boot", title: "booting the builder" },
    ...bakeSteps(image),
    { script: finishStep, title: last },
  ];
}

/** The line on which a step's start is found in Packer's output. */
export const stepMarker = "sip-proxy-step:";

/** What the marker says when the steps are over and Packer goes on alone. */
export const finishStep = "finish";

/** What the marker says when Packer waits for the bill of materials of what list-packages.sh has listed. */
export const sbomStep = "sbom";

/** In the environment of a Packer that somebody answers; one that was started by hand goes on without a bill of materials. */
export const answeredVariable = "SIP_PROXY_ANSWERED";

/** Fetches what is installed, and brings the bill of materials, which is made of it where Packer runs. */
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
    // it is not there yet when the template is checked
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

/** What the scripts are told of the image. */
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

/** Whether the module with which the relay forwards in the kernel is built: yes, no, or `auto`, where it can be. */
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

/** Leaves a provisioner out of the source that is the other part of a bake. */
function only(part?: Part): object {
  if (part === undefined) return {};
  return { except: [part === "packages" ? bakeParts.files : bakeParts.packages] };
}
