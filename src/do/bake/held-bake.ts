import { gonePackages, outdatedInWords } from "../../compute/image/outdated.js";
import { architectureOfLock, type ImageLock } from "../../compute/image/lock.js";
import { showDiff } from "../../compute/image/diff.js";
import { diffLocks, isSame, samePackages } from "../../compute/image/lock-diff.js";
import {
  lockedFiles,
  lockedPreferences,
  snapshotMirrors,
  type Mirrors,
} from "../../compute/image/locked-archives.js";
import type { PinnedSource, SourceName } from "../../compute/image/pinned-sources.js";
import { UserError } from "../../errors.js";
import type { Artefact } from "../../compute/artefact.js";
import type { Image } from "../../understand/fleet.js";
import { hostPaths } from "../local/paths.js";
import type { Talk } from "../local/talk.js";
import { askArchives } from "./ask-archives.js";
import { readLockFile } from "./lock-file.js";
import type { SourceArchive } from "./sources.js";

/** A bake with the packages of a lock file (--locked). */
export class HeldBake {
  private constructor(
    readonly file: string,
    readonly lock: ImageLock,
    readonly mirrors: Mirrors,
  ) {}

  /** Reads the file, and checks that the archives have all its packages. Throws UserError with those that are gone, before the bake. */
  static async to(file: string, { snapshot, architecture }: Image): Promise<HeldBake> {
    const lock = await readLockFile(file);
    const locked = architectureOfLock(lock);
    if (locked !== architecture)
      throw new UserError(
        `${file}: its packages are for ${locked}, and image.architecture is ${architecture}`,
        {
          hint: "use the lock file of an image for this architecture, or bake without --locked",
        },
      );
    const mirrors = snapshotMirrors(lock, snapshot);
    const gone = gonePackages(lock, await askArchives(lock, mirrors, hostPaths().cache));
    if (gone.length === 0) return new HeldBake(file, lock, mirrors);
    throw new UserError(`${file}: the archives no longer have these versions\n${outdatedInWords(gone)}`, {
      hint:
        snapshot === undefined
          ? "set image.snapshot to a mirror that has them, or bake without --locked and keep the new lock file"
          : "bake without --locked, and keep the new lock file",
    });
  }

  /** Files for the build folder. */
  get files(): Artefact[] {
    return lockedFiles(this.lock, this.mirrors);
  }

  get base() {
    return { base: this.lock.base.id, preferences: lockedPreferences(this.lock) };
  }

  /** The source with the commit that its branch or tag had when the lock file was written. */
  source(name: SourceName, source: PinnedSource): PinnedSource {
    const [, commit] = /^git:([0-9a-f]{40})$/.exec(this.lock.sources[name]?.pin ?? "") ?? [];
    return "git" in source && commit !== undefined ? { git: source.git, commit } : source;
  }

  checkSource(name: SourceName, { pin }: SourceArchive): void {
    const locked = this.lock.sources[name]?.pin;
    if (locked === pin) return;
    throw new UserError(
      `${this.file}: ${name} was built from ${locked ?? "no source"}, and would be from ${pin}`,
      {
        hint: "restore the previous version or source in the fleet file, or bake without --locked and keep the new lock file",
      },
    );
  }

  /** Warns about all differences between the image and the lock file. */
  tell(made: ImageLock, talk: Talk): void {
    const diff = this.#diff(made);
    if (!isSame(diff)) talk.warn(showDiff(diff).trimEnd());
  }

  /** The same while the image can still be discarded. Throws UserError if its packages are not those of the file. */
  check(made: ImageLock, talk: Talk): void {
    const diff = this.#diff(made);
    if (samePackages(diff)) return this.tell(made, talk);
    throw new UserError(`the image has other packages than ${this.file}\n${showDiff(diff)}`, {
      hint: "the fleet file or sip-proxy has changed since; bake without --locked and keep the new lock file",
    });
  }

  #diff(made: ImageLock) {
    return diffLocks([this.file, this.lock], ["the image that was baked", made]);
  }
}
