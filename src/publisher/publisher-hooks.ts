import { reportOnce } from '../telemetry/guard.ts'
import type { KafkaPublisherHooks } from './publisher-types.ts'

/** Calls a hook. Whatever it does, the publisher goes on: it is waited for, but not listened to. */
export async function callHook<K extends keyof KafkaPublisherHooks>(
  hooks: KafkaPublisherHooks,
  name: K,
  ...args: Parameters<NonNullable<KafkaPublisherHooks[K]>>
): Promise<void> {
  const hook = hooks[name] as ((...args: unknown[]) => void | Promise<void>) | undefined
  if (!hook) return
  try {
    await hook.apply(hooks, args)
  } catch (problem) {
    reportOnce(`the hook ${name} of a publisher`, problem)
  }
}
