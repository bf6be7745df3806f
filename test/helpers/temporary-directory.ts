/** New directories for tests that run PostgreSQL. */
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new directory that the user `postgres` may enter, which a directory of `mkdtemp` forbids. The caller removes it. */
export async function temporaryDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'classify-test-'))
  await chmod(dir, 0o755)
  return dir
}
