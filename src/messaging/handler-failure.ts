import { type ClassifiedFailure, classifyFailure } from '../failures/classify.ts'
import { HANDLER_ERRORS } from '../failures/runbook.ts'
import { guarded } from '../telemetry/guard.ts'

const OTHER = '_OTHER'
const KAFKAS = /^(KafkaJS|KafkaIam|MskIam)/
const CLASS_NAME = /^[A-Za-z_$][\w$]{0,79}$/
/** So many different classes are named in one process, and every further one is `_OTHER`: each is a series. */
const MAX_CLASSES = 50

const classes = new Set<string>()

/** What handlers have thrown, and how it was read: kafkajs wraps it before a crash is told. */
const thrown = new WeakMap<object, ClassifiedFailure>()

/**
 * Names what a handler threw. An error of Kafka's (of a `send` or `heartbeat` in the handler) has its code of the
 * catalogue. Any other has the name of its class: the catalogue would take an ECONNREFUSED of the handler's own
 * database for the broker's.
 */
export function handlerFailure(error: unknown): ClassifiedFailure {
  return guarded(
    'reading a failure',
    () => {
      const known = isObject(error) ? thrown.get(error) : undefined
      if (known) return known
      const failure = isOfKafka(error) ? classifyFailure(error) : ofTheHandler(className(error))
      if (isObject(error)) remember(error, failure)
      return failure
    },
    ofTheHandler(OTHER),
  )
}

/** Names a crash: by what the handler threw, where that is underneath, else by the catalogue. */
export function crashFailure(error: unknown): ClassifiedFailure {
  const handlers = guarded(
    'reading a failure',
    () => {
      for (let link = error, depth = 0; isObject(link) && depth < 10; depth += 1) {
        const failure = thrown.get(link)
        if (failure) return failure
        link = (link as { cause?: unknown }).cause
      }
      return undefined
    },
    undefined,
  )
  return handlers ?? classifyFailure(error)
}

/** Also by its cause: kafkajs keeps `cause: e.cause || e`. */
function remember(error: object, failure: ClassifiedFailure): void {
  thrown.set(error, failure)
  const { cause } = error as { cause?: unknown }
  if (isObject(cause) && !thrown.has(cause)) thrown.set(cause, failure)
}

function isOfKafka(error: unknown): boolean {
  if (!isObject(error)) return false
  const { name, failure } = error as { name?: unknown; failure?: { code?: unknown; hint?: unknown } }
  return KAFKAS.test(String(name)) || (typeof failure?.code === 'string' && typeof failure.hint === 'string')
}

/** A subclass that sets no `name` is still called `Error`. */
function className(error: unknown): string {
  if (!(error instanceof Error)) return OTHER
  const name = error.name === 'Error' ? error.constructor.name : error.name
  return CLASS_NAME.test(name) && isKept(name) ? name : OTHER
}

function isKept(name: string): boolean {
  if (classes.size < MAX_CLASSES) classes.add(name)
  return classes.has(name)
}

const ofTheHandler = (code: string): ClassifiedFailure => ({
  code,
  title: 'The handler failed',
  hint: "The service's log has the error with its stack.",
  retriable: false,
  refusesToken: false,
  docs: HANDLER_ERRORS,
})

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
