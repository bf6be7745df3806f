/** Decodes the lines of a JSON Lines file to raw indicators. */
import { RECORD_SHAPE } from '../classification/indicator.ts'
import { boundJson } from '../lib/json/bounded-json.ts'
import { isRecord } from '../lib/json/json.ts'
import { CONVERT_HINT } from './file-detection.ts'
import { inputInvalid, showValue } from './problem-report.ts'
import {
  BLANK,
  boundFault,
  type Decoded,
  type Decoder,
  encodingFault,
  faultMessage,
  invalid,
  jsonFault,
} from './record-decoder.ts'
import type { RawRecord } from './record-splitter.ts'
import { MAX_LINE_BYTES, MAX_RECORD_BYTES } from './types.ts'

const CONTROLS = /\p{Cc}/gu

/** Creates a decoder for files with one JSON object a line. */
export function createJsonlDecoder(label: string): Decoder {
  let isFirst = true

  function decode(record: RawRecord): Decoded {
    const fault = faultMessage(record, MAX_LINE_BYTES)
    if (fault !== undefined) return invalid('', fault)
    const encoding = encodingFault(record.bytes)
    if (encoding !== undefined) return invalid('', encoding, CONVERT_HINT)
    const text = record.bytes.toString('utf8').trim()
    if (text === '') return BLANK
    if (isFirst) refuseOtherJson(text)
    isFirst = false
    const decoded = decodeObject(text, false)
    if (decoded.kind !== 'invalid') return decoded
    // JSON has no control characters. Here each counts as a space, because that is what becomes of them in any text.
    const plain = text.replaceAll(CONTROLS, ' ')
    if (plain === text) return decoded
    const mended = decodeObject(plain, true)
    return mended.kind === 'record' ? mended : decoded
  }

  /** Refuses a file that is one JSON value over many lines, because otherwise each of its lines would be a problem. */
  function refuseOtherJson(text: string): void {
    if (text.startsWith('[')) {
      throw inputInvalid(
        `${label}: the file is a JSON array; JSON Lines has one object a line. Convert it: jq -c '.[]' FILE > NEW-FILE`,
      )
    }
    if (text === '{') {
      throw inputInvalid(
        `${label}: the file is JSON over several lines; JSON Lines has one object a line. ` +
          'Convert it: jq -c . FILE > NEW-FILE',
      )
    }
  }

  return { delimiter: undefined, maxBytes: MAX_LINE_BYTES, namesFields: true, header: undefined, decode }
}

function decodeObject(text: string, hasControls: boolean): Decoded {
  const bytes = Buffer.from(text)
  const bounded = boundJson(bytes, RECORD_SHAPE)
  if (bounded.kind === 'refused') return boundFault(bounded.path, bounded.message)
  const kept = bounded.kind === 'kept' ? Buffer.from(bounded.bytes) : bytes
  if (kept.length > MAX_RECORD_BYTES) {
    const limit = `${MAX_RECORD_BYTES.toLocaleString('en-US')} bytes`
    return invalid('', `longer than the limit of ${limit}; it begins with ${showValue(text)}`)
  }
  let value: unknown
  try {
    value = JSON.parse(kept.toString())
  } catch (error) {
    return invalid('', `not valid JSON: ${jsonFault(error)}; got ${showValue(text)}`)
  }
  if (!isRecord(value)) return invalid('', `must be one JSON object, got ${showValue(value)}`)
  return { kind: 'record', value, hasControls }
}
