/** The bound on the tokens of an answer, raised once for a model that shows that its reasoning counts against it. */
import type { Logger } from 'pino'
import { isRecord } from '../../lib/json/json.ts'

export interface AnswerBounds {
  /** The bound to send for an answer that needs up to `tokens` tokens. */
  of(model: string, tokens: number): number
  /** Learns from the body of an answer that was cut off at `sent` tokens. */
  cutOff(model: string, sent: number, body: Readonly<Record<string, unknown>>): void
}

/** The room for reasoning in tokens that a model gets, where twice what it was seen to use is less. */
const LEAST_ROOM = 4_096
const MOST_ROOM = 65_536
const OPEN_THOUGHT = /^\s*<(?:think|thinking|thought|reasoning)>/i

/** `least` is the configured bound, which answers may always have; null where none is configured. */
export function createAnswerBounds(least: number | null, log: Logger): AnswerBounds {
  const rooms = new Map<string, number>()
  return {
    of: (model, tokens) => Math.max(tokens, least ?? 0) + (rooms.get(model) ?? 0),
    cutOff(model, sent, body) {
      const used = rooms.has(model) ? null : reasoningIn(body, sent)
      if (used === null) return
      const room = Math.min(MOST_ROOM, Math.max(LEAST_ROOM, 2 * used))
      rooms.set(model, room)
      const less = 'OPENAI_REASONING_EFFORT=none turns reasoning off where the model can do without'
      const message = `the reasoning of this model ate the bound on its answer, which is raised once for the life of this process: ${less}, OPENAI_MAX_ANSWER_TOKENS raises the bound further`
      log.warn({ model, reasoningTokens: used, raisedBy: room }, message)
    },
  }
}

/** The tokens of reasoning in an answer that was cut off at `sent`; null where nothing shows that it reasoned. */
function reasoningIn({ usage, choices }: Readonly<Record<string, unknown>>, sent: number): number | null {
  const details = isRecord(usage) && isRecord(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  const { reasoning_tokens: counted } = details
  if (typeof counted === 'number' && Number.isFinite(counted) && counted > 0) return Math.min(counted, sent)
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  const {
    content,
    reasoning_content: thought,
    reasoning,
  } = isRecord(choice) && isRecord(choice.message) ? choice.message : {}
  const isEmpty = content === null || content === undefined || (typeof content === 'string' && content.trim() === '')
  const hasThought = [thought, reasoning].some((one) => typeof one === 'string' && one.trim() !== '')
  const isThoughtOpen = typeof content === 'string' && OPEN_THOUGHT.test(content) && !content.includes('</')
  return (isEmpty && hasThought) || isThoughtOpen ? sent : null
}
