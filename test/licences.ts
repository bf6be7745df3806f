/** The program `npm run licences`: prints the licence of every npm package that the service, or its development, brings. */
import { readFileSync } from 'node:fs'

export interface PackageLicence {
  readonly name: string
  readonly version: string
  readonly licence: string
  /** Whether only development and the embedded stack use the package, and the image does not have it. */
  readonly isDevelopment: boolean
}

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
}

/** The packages of package-lock.json with their licences, as npm has read them from the registry, in the order of their names. */
export function readLicences(file: URL = new URL('../package-lock.json', import.meta.url)): PackageLicence[] {
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> }
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version = '', license = 'unknown', dev = false }]) => {
      return { name: path.replace(/^.*node_modules\//, ''), version, licence: license, isDevelopment: dev }
    })
    .sort((a, b) => a.name.localeCompare(b.name))
}

/** One line for each licence with the packages that have it, those of the image first. */
export function formatLicences(packages: readonly PackageLicence[]): string {
  const groups = Map.groupBy(packages, ({ isDevelopment, licence }) => {
    return `${isDevelopment ? 'development' : 'image'}  ${licence}`
  })
  return [...groups]
    .sort(([a], [b]) => b.localeCompare(a))
    .map(([group, found]) => `${group}: ${found.map(({ name, version }) => `${name} ${version}`).join(', ')}`)
    .join('\n')
}

if (import.meta.main) console.log(formatLicences(readLicences()))
