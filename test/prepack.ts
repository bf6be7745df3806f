/** The program `npm run prepack`: builds what the package exports, the client and the types of the built-in codebooks, into dist. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadBuiltIns } from '../src/catalogue/codebook-files.ts'
import { labelTypes } from '../src/cli/codebook/label-types.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
execFileSync('npx', ['--no-install', 'tsc', '--project', 'tsconfig.client.json'], { cwd: ROOT, stdio: 'inherit' })
const types = (await loadBuiltIns()).map(({ codebook }) => labelTypes(codebook))
writeFileSync(new URL('../dist/codebooks.d.ts', import.meta.url), `${types.join('\n\n')}\n`)
