/** Names of models that more than one folder of the source has to know. */

/** The model name in answers of the offline model that are guesses, so that they are not taken for a language model's. */
export const OFFLINE_MODEL_NAME = 'offline-rules'
/** The model name in answers of the offline model that hold nothing but labels of a gold file. */
export const OFFLINE_GOLD_NAME = 'offline-gold'
/** The model name in answers of the offline model that were recorded before or written by people. */
export const OFFLINE_RECORDED_NAME = 'offline-recorded'

/** The paid model whose price the offline model is given. */
export const NOTIONAL_MODEL = 'gpt-6-luna'

/** Whether an answer under this model name is a guess of the offline model, which nothing has checked. */
export function isOfflineGuess(model: string | null): boolean {
  return model?.startsWith('offline-') === true && model !== OFFLINE_GOLD_NAME && model !== OFFLINE_RECORDED_NAME
}

/**
 * A regular expression for the suffix of a model's name by which a provider names a dated snapshot of the model, such as
 * "-2026-09-14", "@latest" or "-0914". JavaScript and PostgreSQL both read it.
 */
export const SNAPSHOT_SUFFIX = '^[-@](\\d{4,8}(-\\d{2})*|\\d{2}-\\d{2}|latest)$'
