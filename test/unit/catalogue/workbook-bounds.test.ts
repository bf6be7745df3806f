/** Tests of how large a workbook may be by the directory of its ZIP archive, whatever way that names the sizes of its parts. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readWhole, writeWorkbook } from '../../helpers/catalogues/table-files.ts'

const ROWS = [
  ['indicator_id', 'name'],
  ['A', 'Output'],
  ['B', 'Input'],
]
const END = Buffer.from('504b0506', 'hex')
const TOO_LARGE = /a workbook may have 64 MiB, and 512 MiB unpacked/

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workbook-test-'))
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function workbook(): Promise<Buffer> {
  const path = join(folder, 'whole.xlsx')
  await writeWorkbook(path, { Data: { rows: ROWS } })
  return await readFile(path)
}

async function countOf(bytes: Buffer): Promise<number> {
  const path = join(folder, 'changed.xlsx')
  await writeFile(path, bytes)
  return (await readWhole(path)).count
}

/** Where the entries of the directory begin. */
function entriesOf(bytes: Buffer): number[] {
  const entries: number[] = []
  for (let at = bytes.readUInt32LE(bytes.lastIndexOf(END) + 16); bytes.readUInt32LE(at) === 0x02014b50; ) {
    entries.push(at)
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return entries
}

/** The workbook with the sizes of its parts in extra fields of 64 bits, as programs write them that do not know the sizes beforehand. */
function inSixtyFourBits(bytes: Buffer, sizeOf: (size: number) => number): Buffer {
  const end = bytes.lastIndexOf(END)
  const entries = entriesOf(bytes)
  const start = entries[0] ?? 0
  const parts = entries.map((at, index) => {
    const entry = Buffer.from(bytes.subarray(at, entries[index + 1] ?? end))
    const extra = Buffer.alloc(20)
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(16, 2)
    extra.writeBigUInt64LE(BigInt(sizeOf(entry.readUInt32LE(24))), 4)
    extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(20)), 12)
    entry.fill(0xff, 20, 28)
    const name = 46 + entry.readUInt16LE(28)
    assert.equal(entry.readUInt16LE(30) + entry.readUInt16LE(32), 0)
    entry.writeUInt16LE(extra.length, 30)
    return Buffer.concat([entry.subarray(0, name), extra])
  })
  const directory = Buffer.concat(parts)
  const last = Buffer.from(bytes.subarray(end))
  last.writeUInt32LE(directory.length, 12)
  return Buffer.concat([bytes.subarray(0, start), directory, last])
}

test('sizes in 64 bits count as any others', async () => {
  const bytes = await workbook()
  assert.equal(await countOf(bytes), 2)
  assert.equal(await countOf(inSixtyFourBits(bytes, (size) => size)), 2)
  for (const size of [2 ** 33, 0]) await assert.rejects(countOf(inSixtyFourBits(bytes, () => size)), TOO_LARGE)
})

test('no workbook gets around the bound by what its directory leaves out', async () => {
  const bytes = await workbook()
  const large = Buffer.from(bytes)
  for (const at of entriesOf(large)) large.writeUInt32LE(0x3fff_ffff, at + 24)
  await assert.rejects(countOf(large), TOO_LARGE)
  // The reader looks for the end of the directory where a whole one fits.
  await assert.rejects(countOf(Buffer.concat([large, END, Buffer.alloc(8)])), TOO_LARGE)
  for (const [place, value] of [
    [12, 0xffff_ffff],
    [16, 0xffff_ffff],
  ] as const) {
    const hidden = Buffer.from(bytes)
    hidden.writeUInt32LE(value, hidden.lastIndexOf(END) + place)
    await assert.rejects(countOf(hidden), TOO_LARGE)
  }
  const unnamed = Buffer.from(bytes)
  for (const at of entriesOf(unnamed)) {
    unnamed.writeUInt16LE(unnamed.readUInt16LE(at + 8) | 8, at + 8)
    unnamed.fill(0, at + 20, at + 28)
  }
  await assert.rejects(countOf(unnamed), TOO_LARGE)
})

test('of very many sheets the user names one', async () => {
  const path = join(folder, 'many.xlsx')
  const sheets = Array.from({ length: 101 }, (_, index) => [`S${index}`, { rows: ROWS.slice(0, index === 70 ? 3 : 2) }])
  await writeWorkbook(path, Object.fromEntries(sheets))
  await assert.rejects(readWhole(path), /the workbook has 101 sheets, such as "S0", .*Say which: --sheet NAME/)
  assert.equal((await readWhole(path, { reading: { sheet: 'S70' } })).count, 2)
  assert.equal((await readWhole(path, { reading: { sheet: '71' } })).count, 2)
  await writeWorkbook(path, Object.fromEntries(sheets.slice(1)))
  const { count, reading } = await readWhole(path)
  assert.equal(count, 2)
  assert.match(reading.problems.join('\n'), /sheet "S70" read; others: S1, S2/)
})
