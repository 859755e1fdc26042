/** An OpenTelemetry SDK of which every call may misbehave, chosen by a seed or fixed by the test. */
import { types } from 'node:util'
import {
  type Context,
  type ContextManager,
  context,
  type DiagLogger,
  diag,
  logs,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { Random } from '../publisher/support/random.ts'

/** What a call does in place of its work, or around it. `works` is the real SDK. */
export const MISDEEDS = [
  'throws',
  'throws after its work',
  'throws what is no error',
  'gives undefined',
  'gives null',
  'gives a number',
  'gives an empty object',
  'gives what throws when touched',
  'gives a thenable that never settles',
  'gives a promise that rejects',
  'works twice',
  'works later',
  'does nothing',
] as const
export type Misdeed = (typeof MISDEEDS)[number]

/** Methods by the kind of object, as `Span.end`. */
export const HOSTILE_CALLS = [
  'TracerProvider.getTracer',
  'Tracer.startSpan',
  'Span.spanContext',
  'Span.isRecording',
  'Span.setAttributes',
  'Span.setStatus',
  'Span.addLink',
  'Span.end',
  'Context.getValue',
  'Context.setValue',
  'Context.deleteValue',
  'ContextManager.active',
  'ContextManager.with',
  'Propagator.inject',
  'Propagator.inject odd values',
  'Propagator.fields',
  'Propagator.extract',
  'Propagator.extract writes',
  'MeterProvider.getMeter',
  'Meter.createHistogram',
  'Meter.createCounter',
  'Meter.createObservableGauge',
  'Meter.createObservableCounter',
  'Meter.addBatchObservableCallback',
  'Instrument.record',
  'Instrument.add',
  'Observer.observe',
  'LoggerProvider.getLogger',
  'Logger.emit',
  'Diag.warn',
] as const
export type HostileCall = (typeof HOSTILE_CALLS)[number]

export interface HostileOptions {
  /** The same seed and the same calls, the same misdeeds. Default 1. */
  readonly seed?: number
  /** How many of the calls misbehave, 0 to 1. Default 0.5. */
  readonly share?: number
  /** These calls always do this, and no other misbehaves. */
  readonly always?: Readonly<Partial<Record<HostileCall, Misdeed>>>
}

export interface HostileSdk {
  /** Calls so far, those that worked included. */
  readonly calls: Readonly<Record<string, number>>
  /** Runs `work` in a span of the service's own, whose methods may misbehave, but not in being made active. */
  inSpan<T>(work: () => T): T
  /** Metrics are collected, as a reader would. */
  collect(): Promise<void>
  /** From here on as if it were started with this seed. */
  reseed(seed: number): void
  stop(): void
}

/** Registers it as the process's global SDK, until `stop`. */
export function startHostileSdk({ seed = 1, share = 0.5, always }: HostileOptions = {}): HostileSdk {
  const calls: Record<string, number> = {}
  let random = new Random(seed)
  let stopped = false
  const choose: Choose = (call) => {
    if (stopped) return undefined
    calls[call] = (calls[call] ?? 0) + 1
    if (always) return always[call as HostileCall]
    return random.chance(share) ? random.one(MISDEEDS) : undefined
  }
  const reader = new Reader()
  const contexts = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(hostile<ContextManager>('ContextManager', contexts, choose))
  propagation.setGlobalPropagator(hostile<TextMapPropagator>('Propagator', new OddPropagator(choose), choose))
  const tracers = new TracerProvider()
  trace.setGlobalTracerProvider(hostile('TracerProvider', tracers, choose))
  metrics.setGlobalMeterProvider(hostile('MeterProvider', new MeterProvider({ readers: [reader] }), choose))
  logs.setGlobalLoggerProvider(hostile('LoggerProvider', new LoggerProvider(), choose))
  diag.setLogger(hostile('Diag', quiet, choose), { suppressOverrideMessage: true })
  return {
    calls,
    inSpan(work) {
      const span = tracers.getTracer('service').startSpan('service', {}, ROOT_CONTEXT)
      return contexts.with(trace.setSpan(ROOT_CONTEXT, hostile('Span', span, choose)), work)
    },
    async collect() {
      await reader.collect()
    },
    reseed(next) {
      random = new Random(next)
    },
    stop() {
      stopped = true
      for (const api of [context, propagation, trace, metrics, logs, diag]) api.disable()
    },
  }
}

type Choose = (call: string) => Misdeed | undefined

/** What a method's answer is called, where it is an object of the SDK again. */
const ANSWERS: Readonly<Record<string, string>> = {
  getTracer: 'Tracer',
  startSpan: 'Span',
  setAttribute: 'Span',
  setAttributes: 'Span',
  setStatus: 'Span',
  addLink: 'Span',
  getMeter: 'Meter',
  createHistogram: 'Instrument',
  createCounter: 'Instrument',
  createObservableGauge: 'Instrument',
  createObservableCounter: 'Instrument',
  getLogger: 'Logger',
  active: 'Context',
  extract: 'Context',
  setValue: 'Context',
  deleteValue: 'Context',
}

const wrapped = new WeakSet<object>()

/** The object with methods that misbehave. What they return of the SDK does so too. */
function hostile<T extends object>(kind: string, given: T, choose: Choose): T {
  if (wrapped.has(given)) return given
  const result = new Proxy(given, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function' || typeof property !== 'string') return value
      return (...args: unknown[]) => {
        const work = () => {
          const answer: unknown = value.apply(target, args.map(observed(property, choose)))
          const known = ANSWERS[property]
          const isOfTheSdk = known !== undefined && isObject(answer) && !types.isPromise(answer)
          return isOfTheSdk ? hostile(known, answer, choose) : answer
        }
        return misbehave(choose(`${kind}.${property}`), work)
      }
    },
  })
  wrapped.add(result)
  return result
}

/** Callbacks of observable instruments get an observer that misbehaves. */
const observed = (property: string, choose: Choose) => (arg: unknown) =>
  /allback$/.test(property) && typeof arg === 'function'
    ? (observer: object) => arg(hostile('Observer', observer, choose))
    : arg

function misbehave(misdeed: Misdeed | undefined, work: () => unknown): unknown {
  switch (misdeed) {
    case undefined:
      return work()
    case 'throws':
      throw new Error('the SDK is broken')
    case 'throws after its work':
      dropped(work())
      throw new Error('the SDK is broken')
    case 'throws what is no error':
      throw touchy()
    case 'gives undefined':
      dropped(work())
      return undefined
    case 'gives null':
      return null
    case 'gives a number':
      return 42
    case 'gives an empty object':
      return {}
    case 'gives what throws when touched':
      return touchy()
    case 'gives a thenable that never settles':
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      return { then: () => undefined }
    case 'gives a promise that rejects':
      return rejection()
    case 'works twice':
      dropped(work())
      return work()
    case 'works later':
      setImmediate(() => {
        try {
          dropped(work())
        } catch {
          // Nobody waits for it.
        }
      })
      return undefined
    case 'does nothing':
      return undefined
  }
}

/** An answer that nobody is given, which may be a promise of another misdeed. */
function dropped(answer: unknown): void {
  if (types.isPromise(answer)) answer.catch(() => undefined)
}

/** Of what an SDK is given by itself nobody but it can take care. */
function rejection(): Promise<never> {
  const promise = Promise.reject(new Error('the SDK is broken'))
  const caller = new Error('where').stack?.split('\n').find((line) => !OF_THE_API.test(line))
  if (!caller?.includes('/src/')) promise.catch(() => undefined)
  return promise
}

const OF_THE_API = /^Error|hostile-sdk|@opentelemetry\/api\//

/** Whatever is read of it throws. */
const touchy = () =>
  new Proxy(() => undefined, {
    get: () => {
      throw new Error('touched')
    },
    has: () => {
      throw new Error('touched')
    },
    getPrototypeOf: () => {
      throw new Error('touched')
    },
    ownKeys: () => {
      throw new Error('touched')
    },
  })

/** Injects what is no text beside what is, and writes into what it extracts from. */
class OddPropagator extends W3CTraceContextPropagator {
  readonly #choose: Choose

  constructor(choose: Choose) {
    super()
    this.#choose = choose
  }

  override inject(...args: Parameters<W3CTraceContextPropagator['inject']>): void {
    super.inject(...args)
    if (this.#choose('Propagator.inject odd values') === undefined) return
    const [, carrier, setter] = args
    for (const [name, value] of Object.entries(ODD)) setter.set(carrier, name, value as string)
    Object.defineProperty(carrier, 'touchy', {
      enumerable: true,
      get: () => {
        throw new Error('touched')
      },
    })
  }

  override extract(...args: Parameters<W3CTraceContextPropagator['extract']>): Context {
    const [, carrier] = args
    if (this.#choose('Propagator.extract writes') !== undefined && isObject(carrier)) {
      Object.assign(carrier, { written: 'by the propagator' })
      delete (carrier as Record<string, unknown>)['traceparent']
    }
    return super.extract(...args)
  }
}

const ODD: Readonly<Record<string, unknown>> = {
  'odd-number': 1,
  'odd-null': null,
  'odd-undefined': undefined,
  'odd-object': { toString: () => 'text' },
  'odd-list': ['a', 2],
  'odd-function': () => 'text',
  'odd-symbol': Symbol('text'),
  'odd-bigint': 1n,
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const ignore = () => undefined
const quiet: DiagLogger = { error: ignore, warn: ignore, info: ignore, debug: ignore, verbose: ignore }

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
