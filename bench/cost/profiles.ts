/** What the measured process does. */
export interface Profile {
  readonly title: string
  readonly produce?: {
    readonly perSecond: number
    readonly messages: number
    readonly perMessageSpans?: boolean
  }
  /** Messages a second, each with a handler of its own; each is followed by a send where `produce` says so too. */
  readonly consume?: { readonly perSecond: number }
  /** The brokers refuse every authentication, and end the sessions that they have. */
  readonly denied?: boolean
  /** Refreshes every few seconds, to see what one costs when nothing else is sent. */
  readonly refreshing?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export const BROKERS = 3
export const TOPIC = 'orders'

const profilesByName = {
  idle: { title: 'nothing sent, a refresh every 5 s', refreshing: true },
  'producer-1': { title: 'producer, 1 message/s', produce: { perSecond: 1, messages: 1 } },
  'producer-10': { title: 'producer, 10 messages/s', produce: { perSecond: 10, messages: 1 } },
  'head-sampled': {
    title: 'producer, 10 messages/s, the SDK samples 10 %',
    produce: { perSecond: 10, messages: 1 },
    env: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
  },
  batches: { title: 'producer, a batch of 100 each second', produce: { perSecond: 1, messages: 100 } },
  'per-message': {
    title: 'the same with `perMessageSpans`',
    produce: { perSecond: 1, messages: 100, perMessageSpans: true },
  },
  consumer: { title: 'consumer, 10 messages/s', consume: { perSecond: 10 } },
  both: {
    title: 'consumer and producer, 10 messages/s in and out',
    consume: { perSecond: 10 },
    produce: { perSecond: 10, messages: 1 },
  },
  denied: {
    title: 'producer, 1 message/s, every authentication refused',
    produce: { perSecond: 1, messages: 1 },
    denied: true,
  },
  plain: {
    title: 'producer, 1 message/s, without gzip',
    produce: { perSecond: 1, messages: 1 },
    env: { OTEL_EXPORTER_OTLP_COMPRESSION: 'none' },
  },
} satisfies Record<string, Profile>

export type ProfileName = keyof typeof profilesByName
export const profiles: Readonly<Record<ProfileName, Profile>> = profilesByName
export const profileNames = Object.keys(profiles) as ProfileName[]
