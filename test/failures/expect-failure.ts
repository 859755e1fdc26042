import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect } from 'vitest'
import { entryOf } from '../../scripts/runbook/page.ts'
import { failureClass } from '../../src/failures/catalogue.ts'
import { type ClassifiedFailure, classifyFailure } from '../../src/failures/classify.ts'
import type { Failure } from '../../src/failures/errors.ts'
import type { FailureClass, Phase } from '../../src/failures/failure-class.ts'

/** What a caller can read on an error that it caught. */
export interface CaughtError extends Error {
  readonly failure: Failure
  readonly retriable: boolean
  readonly cause?: unknown
}

/** Resolves with the rejection; a success is a failure of the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<CaughtError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome) return outcome.error as CaughtError
  throw new Error(`Expected a rejection, but it resolved with ${JSON.stringify(outcome.value)}`)
}

export function rowOf(code: string): FailureClass {
  const row = failureClass(code)
  if (!row) throw new Error(`The catalogue has no row ${code}`)
  return row
}

/** Which failures a file has asserted, to compare with the lists of `reproduced-codes.ts`. */
export class Asserted {
  readonly codes = new Set<string>()

  /** The error says code and hint of the catalogue, and a boolean whether it passes; read anew, it says the same. */
  failure(error: CaughtError, code: string, requestId?: string, phase: Phase = 'broker'): ClassifiedFailure {
    const row = rowOf(code)
    expect(error.failure).toEqual({ code, hint: row.hint, ...(requestId ? { requestId } : {}) })
    expect(error.retriable).toBeTypeOf('boolean')
    const read = classifyFailure(error, phase)
    expect(read).toMatchObject({ code, hint: row.hint, title: row.title, retriable: row.retriable })
    expect(read.requestId).toBe(requestId)
    expectInRunbook(code, error)
    this.codes.add(code)
    return read
  }
}

/** Whether the entry in docs/failures.md has these words. */
export const isQuoted = (code: string, words: string): boolean =>
  entryOf(code).sees.texts.some((text) => quotes(text).test(words))

/** docs/failures.md quotes what was caught, the error or its cause; what this library says by itself is title and cure. */
function expectInRunbook(code: string, error: CaughtError): void {
  const { texts } = entryOf(code).sees
  const cause = error.cause instanceof Error ? error.cause.message : ''
  const words = `${error.message}\n${cause}`
  if (texts.length === 0) expect(error.message).toContain(rowOf(code).title)
  else if (!isQuoted(code, words)) expect(words).toBe(texts.join(' or '))
}

/** `…` stands for anything. */
const quotes = (text: string) =>
  new RegExp(
    text
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*'),
  )

/** The span tells the same failure, with the catalogue's sentence as its status. */
export function expectFailedSpan(
  span: ReadableSpan | undefined,
  code: string,
  attributes: Record<string, unknown> = {},
): void {
  const row = rowOf(code)
  expect(span?.attributes).toMatchObject({
    'error.type': code,
    'msk_iam.failure.hint': row.hint,
    ...attributes,
  })
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: row.title })
}
