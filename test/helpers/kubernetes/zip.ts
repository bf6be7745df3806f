/** Reads the files of a zip archive, as far as the archive of helm and kubectl needs it. */
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const LEAST_END_BYTES = 22
const STORED = 0
const DEFLATED = 8

/** The content of the file `name` in the archive. Throws where it is not there, or packed in another way. */
export function readZipEntry(archive: Buffer, name: string): Buffer {
  let end = archive.length - LEAST_END_BYTES
  while (end >= 0 && archive.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1
  if (end < 0) throw new Error('this is no zip archive')
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const lengths = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset))
    const [nameLength = 0, extraLength = 0, commentLength = 0] = lengths
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const header = archive.readUInt32LE(at + 42)
      // The lengths stand once more before the content, where those of the extra fields may differ.
      const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28)
      const content = archive.subarray(start, start + archive.readUInt32LE(at + 20))
      const method = archive.readUInt16LE(at + 10)
      if (method === STORED) return content
      if (method === DEFLATED) return inflateRawSync(content)
      throw new Error(`${name} is packed by the method ${method}`)
    }
    at += 46 + nameLength + extraLength + commentLength
  }
  throw new Error(`the archive holds no ${name}`)
}
