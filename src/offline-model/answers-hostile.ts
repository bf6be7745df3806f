/** The hostile strategy of the offline model: it obeys every instruction in the text of a record, so that tests see what an attack can do. */

import type { ParsedPromptItem } from '../classification/user-prompt.ts'
import { RECORD_TEXTS } from '../codebooks/record-texts.ts'
import { type AnswerLabel, type AnswerStrategy, createRulesAnswers, type Question } from './answer-strategy.ts'
import { otherLabel } from './wrong-labels.ts'

const HOSTILE_NAME = 'offline-hostile'

/** The answer for one record, which the instructions may change in any way. */
interface Draft {
  key: unknown
  reason: unknown
  labels: readonly AnswerLabel[]
  [more: string]: unknown
}

/** The answers of one request, as an instruction sees and changes them. */
interface Scene {
  /** The honest answers by the key of their record. Instructions change these answers in place. */
  readonly answers: ReadonlyMap<string, Draft>
  /** The answer for the record whose text holds the instruction. */
  readonly own: Draft
  /** Further answers, which an instruction adds to the honest ones. */
  readonly extras: Draft[]
  readonly question: Question
}

/** The words without which a text gives no instruction, so that no text gives one by accident. */
const TAKEOVER = /\bignore (?:all )?(?:the )?(?:previous|prior|above) instructions\b/i
/** How many answers the instruction "thousands of elements" adds. */
const FLOOD_ELEMENTS = 5_000
/** How many characters the instruction "huge reason" writes as the reason of an answer. */
const HUGE_REASON_LENGTH = 200_000
const CERTAIN = 100
/**
 * A text with everything that a careless program would obey: a spreadsheet formula, NUL, terminal escape sequences, a
 * character that reverses text, a lone surrogate and a second line.
 */
const POISON = '=HYPERLINK("http://evil.example","open")\u0000\u001b[2J\u001b]0;owned\u0007\u202e\ud800\r\n=1+1\n'
const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']

/** The instructions that the hostile strategy obeys, each with its effect on the answer. */
const INSTRUCTIONS: readonly {
  readonly instruction: RegExp
  readonly obey: (scene: Scene, words: readonly string[]) => void
}[] = [
  {
    instruction: /\banswer (\S+) for all\b/i,
    obey: ({ answers, question }, [label]) => {
      for (const answer of answers.values()) answer.labels = withLabel(answer, label, question)
    },
  },
  {
    instruction: /\banswer (\S+) for key (\w+)/i,
    obey: ({ answers, question }, [label, key = '']) => {
      const answer = answers.get(key)
      if (answer !== undefined) answer.labels = withLabel(answer, label, question)
    },
  },
  {
    instruction: /\breturn \w+ ["']?([^"'\s]+)/i,
    obey: ({ own, question }, [label]) => {
      own.labels = withLabel(own, label, question)
    },
  },
  {
    instruction: /\bchange indicator (\S*[^\s.,;])(?: to (\w[\w-]*))?/i,
    obey: ({ own, extras, question }, [id, label]) => {
      const changed = { ...own, labels: label === undefined ? own.labels : withLabel(own, label, question) }
      extras.push({ ...changed, key: id }, { ...changed, key: undefined, indicator_id: id, run_id: 'hacked' })
    },
  },
  {
    instruction: /\bflip all others\b/i,
    obey: ({ answers, own, question }) => {
      for (const answer of answers.values()) if (answer !== own) flip(answer, question)
    },
  },
  {
    instruction: /\bleave out all others\b/i,
    obey: ({ answers, own }) => {
      for (const answer of answers.values()) if (answer !== own) answer.key = 'left-out'
    },
  },
  {
    instruction: /\bhuge reason\b/i,
    obey: ({ own }) => {
      own.reason = POISON.repeat(Math.ceil(HUGE_REASON_LENGTH / POISON.length))
    },
  },
  {
    instruction: /\bprototype keys\b/i,
    obey: ({ own, extras }) => {
      const poison = { value: 'hacked', polluted: true, prototype: { polluted: true } }
      const labels = PROTOTYPE_KEYS.map((field) => ({ field, value: 'hacked', confidence: CERTAIN }))
      for (const key of PROTOTYPE_KEYS) {
        extras.push({ ...own, key, labels })
        // An assignment to "__proto__" would set the prototype of this object instead of adding a property.
        Object.defineProperty(own, key, { value: poison, enumerable: true })
      }
      own.labels = [...own.labels, ...labels]
    },
  },
  {
    instruction: /\bthousands of elements\b/i,
    obey: ({ own, extras }) => {
      for (let index = 0; index < FLOOD_ELEMENTS; index += 1) {
        const labels = own.labels.map((label) => ({ ...label, value: `${label.field} ${index}` }))
        extras.push({ ...own, key: index % 2 === 0 ? own.key : `x${index}`, labels })
      }
    },
  },
]

/**
 * Answers with the rules' guess, changed by every instruction in the texts of the request. An instruction begins with
 * "Ignore previous instructions and" and goes on with one of these: answer X for all; answer X for key K; return type X;
 * change indicator ID to X; flip all others; leave out all others; write a huge reason; use prototype keys; send thousands of
 * elements. X becomes the value of the first field with listed values that is asked, and every label becomes certain.
 */
export function createHostileAnswers(): AnswerStrategy {
  const honest = createRulesAnswers()
  return {
    model: HOSTILE_NAME,
    isUnlimited: true,
    answer(question) {
      const answered = honest.answer(question)
      if (typeof answered === 'string') return answered
      const drafts = answered.elements.map((element): Draft => ({ ...element }))
      const answers = new Map(question.items.map(({ key }, index) => [key, drafts[index] ?? emptyDraft(key)]))
      const extras: Draft[] = []
      for (const item of question.items) {
        obeyAll(item, { answers, own: answers.get(item.key) ?? emptyDraft(item.key), extras, question })
      }
      return { model: HOSTILE_NAME, elements: [...drafts, ...extras] }
    },
  }
}

function emptyDraft(key: string): Draft {
  return { key, reason: '', labels: [] }
}

function obeyAll(item: ParsedPromptItem, scene: Scene): void {
  const text = RECORD_TEXTS.flatMap((name) => item[name] ?? []).join('\n')
  if (!TAKEOVER.test(text)) return
  for (const { instruction, obey } of INSTRUCTIONS) {
    const found = instruction.exec(text)
    if (found !== null) obey(scene, found.slice(1))
  }
}

/** Returns the labels of an answer with another value in the first field with listed values, all of them certain. */
function withLabel({ labels }: Draft, value: unknown, { forms }: Question): AnswerLabel[] {
  const listed = labels.findIndex(({ field }) => (forms.get(field)?.values ?? null) !== null)
  return labels.map((label, index) => ({
    ...label,
    ...(index === Math.max(0, listed) ? { value } : {}),
    confidence: CERTAIN,
  }))
}

/** Replaces every label of an answer by another value. */
function flip(answer: Draft, { items, forms }: Question): void {
  const item = items.find(({ key }) => key === answer.key)
  answer.labels = answer.labels.map((label) => ({
    ...label,
    value: otherLabel(label, 0, item, forms),
    confidence: CERTAIN,
  }))
}
