/** The AMI ids by region in the manifest of Packer. Throws if there are none. */
export function amisOf(manifest: string): Record<string, string> {
  const { builds = [] } = JSON.parse(manifest) as { builds?: { artifact_id?: string }[] };
  const amis = (builds.at(-1)?.artifact_id ?? "").split(",").flatMap((artifact): [string, string][] => {
    const [, region, id] = /^([a-z0-9-]+):(ami-[0-9a-f]+)$/.exec(artifact) ?? [];
    return region === undefined || id === undefined ? [] : [[region, id]];
  });
  if (amis.length === 0) throw new Error(`Packer's manifest names no AMI: ${manifest.slice(0, 500)}`);
  return Object.fromEntries(amis);
}
