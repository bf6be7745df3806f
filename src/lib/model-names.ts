/** Names of models that more than one folder of the source has to know. */

/** The model name in every answer of the offline model, so that its answers are not taken for a language model's. */
export const OFFLINE_MODEL_NAME = 'offline-rules'

/**
 * A regular expression for the suffix of a model's name by which a provider names a dated snapshot of the model, such as
 * "-2026-09-14", "@latest" or "-0914". JavaScript and PostgreSQL both read it.
 */
export const SNAPSHOT_SUFFIX = '^[-@](\\d{4,8}(-\\d{2})*|\\d{2}-\\d{2}|latest)$'
