/** Names of models that more than one room has to know. */

/** What the offline model calls itself, so that nobody takes its answers for those of a language model. */
export const OFFLINE_MODEL_NAME = 'offline-rules'

/**
 * A regular expression, as JavaScript and PostgreSQL both read it, for what a provider adds to a model's name to say
 * which dated snapshot of it answered: "-2026-09-14", "@latest", "-0914".
 */
export const SNAPSHOT_SUFFIX = '^[-@](\\d{4,8}(-\\d{2})*|\\d{2}-\\d{2}|latest)$'
