/** The form in which results leave the service, in HTTP bodies and JSON Lines: the fixed envelope with the fields flat beside it. */
import type { Classification, Labels, Scheme } from './types.ts'

/** The parts of a result that are the same for every codebook. */
export interface ResultEnvelope extends Omit<Classification, 'labels'> {
  /** The version part of `codebook`, under the name that earlier releases gave it. */
  readonly codebook_version: string
}

/** A result as callers get it: the envelope, and one property for each field of the codebook. */
export type ResultBody = ResultEnvelope & Readonly<Record<string, unknown>>

/** Builds the body of a result. Properties of earlier releases that a codebook's code still gives stand beside the flat fields. */
export function toResultBody({ labels, ...envelope }: Classification, { codebook, code }: Scheme): ResultBody {
  const { indicator_id, name, catalogue, codebook: reference, ...others } = envelope
  const flat = Object.fromEntries(codebook.fields.map((field) => [field.name, labels[field.name] ?? null]))
  return {
    indicator_id,
    name,
    catalogue,
    codebook: reference,
    ...flat,
    ...(code?.earlier.nestedProperties(labels) ?? {}),
    ...others,
    codebook_version: versionOf(reference),
  } as ResultBody
}

/** Takes the labels out of a body, by the fields of its codebook. */
export function labelsOfBody(body: ResultBody, { codebook }: Scheme): Labels {
  return Object.fromEntries(codebook.fields.map(({ name }) => [name, (body[name] ?? null) as Labels[string]]))
}

/** The version part of a reference such as "economic-indicators@2". */
export function versionOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('@') + 1)
}

/** The name part of a reference such as "economic-indicators@2". */
export function codebookNameOf(reference: string): string {
  const at = reference.lastIndexOf('@')
  return at < 0 ? reference : reference.slice(0, at)
}
