/** The program `npm run openapi`: writes docs/openapi.json and the types of the client anew from the schemas of the service. */
import { readFile, writeFile } from 'node:fs/promises'
import { generatedFiles } from './generated-files.ts'

const ROOT = new URL('../../', import.meta.url)

const manifest = await readFile(new URL('package.json', ROOT), 'utf8')
for (const [file, text] of generatedFiles(manifest)) await writeFile(new URL(file, ROOT), text)
