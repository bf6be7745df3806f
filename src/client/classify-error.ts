/** The error of a call that the service, Restate or the guard has refused, or that no node answered. */
export class ClassifyError extends Error {
  /** The HTTP status; 0 where no node answered. */
  readonly status: number
  /** The stable code, such as "input-not-found" or "too-many-calls"; null where the answer has none. */
  readonly code: string | null

  constructor(status: number, code: string | null, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'ClassifyError'
    this.status = status
    this.code = code
  }
}

/** Reads why a call failed out of its answer. A guard names its code beside the message, the service in front of it. */
export function readFailure(status: number, text: string): ClassifyError {
  const { code, message } = bodyOf(text)
  if (message === undefined) return new ClassifyError(status, null, `HTTP ${status}: ${text.slice(0, 300)}`)
  if (typeof code === 'string') return new ClassifyError(status, code, message)
  const [, named = null, sentence = message] = /^([a-z]+(?:-[a-z]+)*): ([\s\S]*)$/.exec(message) ?? []
  return new ClassifyError(status, named, sentence)
}

function bodyOf(text: string): { readonly code?: unknown; readonly message?: string } {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body !== 'object' || body === null || !('message' in body) || typeof body.message !== 'string') return {}
    return { message: body.message, ...('code' in body ? { code: body.code } : {}) }
  } catch {
    return {}
  }
}
