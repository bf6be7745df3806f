/** The files that a pod mounts, on this machine: ConfigMaps, Secrets, empty directories and claims. */
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findObject, type KubernetesObject } from '../helpers/kubernetes/chart.ts'
import type { Container, PodTemplate, Volume } from '../helpers/kubernetes/pods.ts'

/** The texts of Secrets by name and key. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface MountOptions {
  readonly root: string
  readonly pod: string
  readonly user: number
  readonly objects: readonly KubernetesObject[]
  readonly secrets: Secrets
}

/** The arguments of `docker run` for all mounts of a container. As on a machine of Kubernetes, its group is that of `fsGroup`. */
export async function mountArguments(
  { spec, claims }: PodTemplate,
  container: Container,
  options: MountOptions,
): Promise<string[]> {
  const args: string[] = []
  for (const mount of container.volumeMounts ?? []) {
    const { name, mountPath, readOnly = false, subPath = '' } = mount as typeof mount & { readonly subPath?: string }
    const directory = join(options.root, options.pod, name)
    await mkdir(directory, { recursive: true })
    const volume = spec.volumes?.find((one) => one.name === name)
    if (volume !== undefined) await fill(volume, directory, options)
    else if (!claims.includes(name)) throw new Error(`${options.pod} mounts ${name}, which is no volume`)
    await chown(directory, 0, options.user)
    await chmod(directory, readOnly ? 0o750 : 0o2770)
    args.push('-v', `${join(directory, subPath)}:${mountPath}${readOnly ? ':ro' : ''}`)
  }
  return args
}

async function fill(volume: Volume, directory: string, { objects, secrets, user }: MountOptions): Promise<void> {
  const { secret, configMap } = volume
  const name = secret?.secretName ?? configMap?.name
  if (name === undefined) return
  const found =
    secret === undefined ? (findObject(objects, 'ConfigMap', name)['data'] as Record<string, string>) : secrets[name]
  if (found === undefined) throw new Error(`there is no Secret ${name}`)
  const keys = (secret ?? configMap)?.items?.map(({ key }) => key) ?? Object.keys(found)
  for (const key of keys) {
    const text = found[key]
    if (text === undefined) throw new Error(`${name} has no key ${key}`)
    const file = join(directory, key)
    await writeFile(file, text)
    await chown(file, 0, user)
    await chmod(file, secret?.defaultMode ?? 0o444)
  }
}
