/** Sends batches straight to the ingress with a fixed number in flight, for scenarios that measure a fixed load. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const BATCH_SIZE = 100

export interface SubmitOptions {
  readonly ingressUrl: string
  readonly file: string
  readonly options: { readonly mode: 'model' | 'hybrid' | 'rules'; readonly reuse: boolean; readonly pack: number }
  /** Batches in flight at a time. */
  readonly inFlight: number
  /** Whether batches are queued by Restate's `/send`, which answers before the work begins. */
  readonly isSend: boolean
  readonly signal: AbortSignal
}

/** Resolves with the number of indicators sent. Rejects on the first answer that is not 2xx. */
export async function submitFile(options: SubmitOptions): Promise<number> {
  const target = `${options.ingressUrl}/classify-api/batch${options.isSend ? '/send' : ''}`
  const running = new Set<Promise<void>>()
  let sent = 0
  const send = async (batch: readonly string[]) => {
    const body = `{"indicators":[${batch.join(',')}],"run_id":"bench","force":true,"options":${JSON.stringify(options.options)}}`
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: options.signal,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${target} answered ${response.status}: ${text.slice(0, 300)}`)
  }
  const submit = async (batch: readonly string[]) => {
    sent += batch.length
    const task: Promise<void> = send(batch).finally(() => running.delete(task))
    running.add(task)
    if (running.size >= options.inFlight) await Promise.race(running)
  }
  let batch: string[] = []
  for await (const line of createInterface({ input: createReadStream(options.file) })) {
    batch.push(line)
    if (batch.length < BATCH_SIZE) continue
    await submit(batch)
    batch = []
  }
  if (batch.length > 0) await submit(batch)
  await Promise.all(running)
  return sent
}
