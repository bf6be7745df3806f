/** Decodes the lines of a JSON Lines file to raw indicators. */
import { isRecord } from '../lib/json.ts'
import { CONVERT_HINT } from './file-detection.ts'
import { inputInvalid, showValue } from './problem-report.ts'
import { BLANK, type Decoded, type Decoder, encodingFault, faultMessage, invalid, jsonFault } from './record-decoder.ts'
import type { RawRecord } from './record-splitter.ts'

/** Creates a decoder for files with one JSON object a line. */
export function createJsonlDecoder(label: string): Decoder {
  let isFirst = true

  function decode(record: RawRecord): Decoded {
    const fault = faultMessage(record)
    if (fault !== undefined) return invalid('', fault)
    const encoding = encodingFault(record.bytes)
    if (encoding !== undefined) return invalid('', encoding, CONVERT_HINT)
    const text = record.bytes.toString('utf8').trim()
    if (text === '') return BLANK
    if (isFirst) refuseOtherJson(text)
    isFirst = false
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      return invalid('', `not valid JSON: ${jsonFault(error)}; got ${showValue(text)}`)
    }
    if (!isRecord(value)) return invalid('', `must be one JSON object, got ${showValue(value)}`)
    return { kind: 'record', value }
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

  return { delimiter: undefined, namesFields: true, header: undefined, decode }
}
