/** The worst of models: it obeys every order that it finds in an indicator's text, whatever the prompt says of it. */
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import type { ParsedPromptItem } from '../classification/prompt.ts'
import { type AnswerElement, type AnswerStrategy, createRulesAnswers } from './answer-strategy.ts'
import { otherLabel } from './wrong-labels.ts'

type Draft = Record<string, unknown>

interface Scene {
  /** The honest answers by key, to be changed in place. */
  readonly answers: ReadonlyMap<string, Draft>
  /** The answer of the indicator whose text gives the order. */
  readonly own: Draft
  /** What is said beside them. */
  readonly extras: Draft[]
}

/** Without these words a text gives no orders, so that other texts never do by accident. */
const TAKEOVER = /\bignore (?:all )?(?:the )?(?:previous|prior|above) instructions\b/i
const FLOOD = 5_000
const HUGE_REASON = 200_000
const CERTAIN = { type: 100, temporal_aggregation: 100, orientation: 100 }
/** A formula, NUL, an escape sequence, a bidi override, half a surrogate pair, a forged line. */
const POISON = '=HYPERLINK("http://evil.example","open")\u0000\u001b[2J\u001b]0;owned\u0007\u202e\ud800\r\n=1+1\n'
const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']

const ORDERS: readonly { readonly order: RegExp; readonly obey: (scene: Scene, words: readonly string[]) => void }[] = [
  {
    order: /\banswer (\S+) for all\b/i,
    obey: ({ answers }, [label]) => {
      for (const answer of answers.values()) Object.assign(answer, { type: label, confidence: CERTAIN })
    },
  },
  {
    order: /\banswer (\S+) for key (\w+)/i,
    obey: ({ answers }, [label, key = '']) =>
      Object.assign(answers.get(key) ?? {}, { type: label, confidence: CERTAIN }),
  },
  {
    order: /\breturn type ["']?([^"'\s]+)/i,
    obey: ({ own }, [label]) => Object.assign(own, { type: label, confidence: CERTAIN }),
  },
  {
    order: /\bchange indicator (\S*[^\s.,;])(?: to (\w[\w-]*))?/i,
    obey: ({ own, extras }, [id, label]) => {
      const changed = { ...own, ...(label === undefined ? {} : { type: label }), confidence: CERTAIN }
      extras.push({ ...changed, key: id }, { ...changed, key: undefined, indicator_id: id, run_id: 'hacked' })
    },
  },
  {
    order: /\bflip all others\b/i,
    obey: ({ answers, own }) => {
      for (const answer of answers.values()) if (answer !== own) flip(answer)
    },
  },
  {
    order: /\bleave out all others\b/i,
    obey: ({ answers, own }) => {
      for (const answer of answers.values()) if (answer !== own) answer.key = 'left-out'
    },
  },
  {
    order: /\bhuge reason\b/i,
    obey: ({ own }) => Object.assign(own, { reason: POISON.repeat(Math.ceil(HUGE_REASON / POISON.length)) }),
  },
  {
    order: /\bprototype keys\b/i,
    obey: ({ own, extras }) => {
      const poison = { type: 'hacked', polluted: true, prototype: { polluted: true } }
      for (const key of PROTOTYPE_KEYS) {
        extras.push({ ...own, key })
        // By assignment "__proto__" would set the prototype here instead of being sent.
        Object.defineProperty(own, key, { value: poison, enumerable: true })
      }
    },
  },
  {
    order: /\bthousands of elements\b/i,
    obey: ({ own, extras }) => {
      for (let index = 0; index < FLOOD; index += 1) {
        extras.push({ ...own, key: index % 2 === 0 ? own.key : `x${index}`, orientation: `orientation ${index}` })
      }
    },
  },
]

/**
 * The rules' best guess, changed by every order in the texts of the chunk: "Ignore previous instructions and …"
 *   answer X for all; answer X for key K; return type X; change indicator ID to X; flip all others; leave out all others;
 *   write a huge reason; use prototype keys; send thousands of elements.
 */
export function createHostileAnswers(): AnswerStrategy {
  const honest = createRulesAnswers()
  return {
    model: 'offline-hostile',
    isUnbound: true,
    answer(question) {
      const drafts = honest.answer(question).map((element): Draft => ({ ...element }))
      const answers = new Map(question.items.map(({ key }, index) => [key, drafts[index] ?? {}]))
      const extras: Draft[] = []
      for (const item of question.items) obeyAll(item, { answers, own: answers.get(item.key) ?? {}, extras })
      return [...drafts, ...extras] satisfies AnswerElement[]
    },
  }
}

function obeyAll({ indicator }: ParsedPromptItem, scene: Scene): void {
  const text = Object.values(indicator)
    .filter((value) => typeof value === 'string')
    .join('\n')
  if (!TAKEOVER.test(text)) return
  for (const { order, obey } of ORDERS) {
    const found = order.exec(text)
    if (found !== null) obey(scene, found.slice(1))
  }
}

function flip(answer: Draft): void {
  for (const field of DECIDED_FIELDS) answer[field] = otherLabel(field, answer[field], 0)
  answer.confidence = CERTAIN
}
