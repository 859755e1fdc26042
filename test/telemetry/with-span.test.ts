import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runIn, runInRoot } from '../../src/telemetry/contexts.ts'
import { placement, withSpan } from '../../src/telemetry/with-span.ts'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => telemetry.clear())
afterAll(() => telemetry.stop())

describe('a span that works under a broken SDK', () => {
  const managers: Record<string, (within: Context, work: () => unknown) => unknown> = {
    'throws before the work': () => {
      throw new Error('boom')
    },
    'throws after the work': (_, work) => {
      work()
      throw new Error('boom')
    },
    'forgets the work': () => undefined,
  }
  test.each(Object.keys(managers))(
    'runs its work exactly once where the context manager %s',
    async (name) => {
      await telemetry.stop()
      const active = () => ROOT_CONTEXT
      context.setGlobalContextManager({
        active,
        with: managers[name],
        bind: active,
        enable: active,
        disable: active,
      } as never)
      try {
        let runs = 0
        expect(runIn(ROOT_CONTEXT, () => ++runs)).toBe(1)
        expect(runs).toBe(1)
        expect(() =>
          runIn(ROOT_CONTEXT, () => {
            throw new Error("the work's own")
          }),
        ).toThrow("the work's own")
      } finally {
        context.disable()
        telemetry = startTelemetry()
      }
    },
  )
})

describe('a shared refresh', () => {
  const tracer = () => trace.getTracer('test')

  test('is a child of whoever waits for it', () => {
    tracer().startActiveSpan('asker', (asker) => {
      expect(trace.getSpan(placement(true).parent)).toBe(asker)
      asker.end()
    })
  })

  test('in the background is a root with a link to the asker', () => {
    tracer().startActiveSpan('asker', (asker) => {
      expect(placement(false)).toEqual({ parent: ROOT_CONTEXT, links: [{ context: asker.spanContext() }] })
      asker.end()
    })
  })

  test('is a root with a link where the span of the asker has ended', () => {
    tracer().startActiveSpan('asker', (asker) => {
      asker.end()
      expect(placement(true)).toEqual({ parent: ROOT_CONTEXT, links: [{ context: asker.spanContext() }] })
    })
  })

  test('is a child of a remote parent, which never records here', () => {
    const remote = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
    }
    const within = trace.setSpanContext(ROOT_CONTEXT, remote)
    context.with(within, () => expect(placement(true)).toEqual({ parent: within, links: [] }))
  })

  test('is a root without links where nobody asks', () => {
    expect(placement(false)).toEqual({ parent: ROOT_CONTEXT, links: [] })
  })
})

test('what is started in the root context does not keep the span that was active', () => {
  trace.getTracer('test').startActiveSpan('asker', (asker) => {
    runInRoot(() => expect(trace.getActiveSpan()).toBeUndefined())
    asker.end()
  })
})

const leaky = () => new Error('AKIAIOSFODNN7EXAMPLE is not allowed for arn:aws:iam::123456789012:role/orders')

test('an unknown failure of a signer is quoted, without secrets and identities', async () => {
  const error = leaky()
  await expect(withSpan('a', { phase: 'token' }, () => Promise.reject(error))).rejects.toBe(error)
  expect(telemetry.spans()[0]).toMatchObject({
    attributes: { 'error.type': '_OTHER' },
    status: { code: 2, message: '[redacted id] is not allowed for [arn]' },
  })
})

test('an unknown failure of a client is not quoted: its text may hold a message', async () => {
  await expect(withSpan('a', {}, () => Promise.reject(leaky()))).rejects.toThrow()
  expect(telemetry.spans()[0]?.status).toEqual({ code: 2, message: 'Something unknown went wrong: Error' })
})
