import { imageLock, type ImageLock } from "../../src/compute/image/lock.js";

/** A lock file's content, with parts replaced. */
export function lockOf(parts: Partial<ImageLock> = {}): ImageLock {
  const { base = { name: "debian-13", id: "debian-13-1-2" }, sources = {}, tools = {}, ...facts } = parts;
  const defaults = { archivesFrom: "2026-11-28T10:11:12.000Z", archives: {}, packages: {} };
  const lock = imageLock({ base, sources, tools: {} }, { ...defaults, tools, ...facts });
  return { ...lock, lockVersion: parts.lockVersion ?? lock.lockVersion };
}
