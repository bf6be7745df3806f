/** Writes results to a file, to standard output, or to an object of S3, by the name that a user gave. */
import { isObjectUrl, writeObject } from '../../catalogue/remote/objects.ts'
import { readObjectStore } from '../../config/object-store.ts'
import { type Append, type OutputOptions, writeOutput } from '../ui/output-file.ts'

/** Does what `writeOutput` does, also for an object. */
export async function writeResults<T>(
  name: string,
  write: (append: Append) => Promise<T>,
  options: OutputOptions,
): Promise<T | undefined> {
  if (isObjectUrl(name)) return await writeObject(name, write, readObjectStore(), options.signal)
  return await writeOutput(name, write, options)
}
