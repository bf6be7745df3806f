/** Tells Restate clusters apart by the number that each has from its creation, and finds the one that most nodes belong to. */

/**
 * Reads the number of the cluster from the marker in a node's data. It is text, because it exceeds what a JSON number holds
 * here. Returns null for another text, as of an empty volume.
 */
export function readClusterMarker(text: string): string | null {
  return /"cluster_fingerprint"\s*:\s*(\d{1,20})\b/.exec(text)?.[1] ?? null
}

/**
 * The cluster that most nodes belong to, where each node has one entry. Null where no node knows a cluster, or where two
 * clusters have equally many nodes.
 */
export function mainCluster(clusters: readonly (string | null)[]): string | null {
  const known = clusters.filter((cluster) => cluster !== null)
  const sizes = [...Map.groupBy(known, (cluster) => cluster)].toSorted(([, a], [, b]) => b.length - a.length)
  const [first, second] = sizes
  return first === undefined || first[1].length === second?.[1].length ? null : first[0]
}
