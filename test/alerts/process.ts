/**
 * One process of a service, as its metrics tell it: a token that a timer renews, connections that authenticate, messages
 * that are published and handled. The numbers are those of src/token; a test changes `conditions`.
 */

import { type Conditions, HEALTHY, type ProcessOptions } from './conditions.ts'

/** Labels besides those of the process, in PromQL's own writing; '' where there are none. */
type Labels = string

const WINDOW = 60
// Fewer than there are, and no `msk_iam.refresh.trigger`: promtool refuses queries of more than 10 000 samples, and
// fleets are large here.
const BUCKETS = [0.5, 1, 2.5]
const CREDENTIALS_LIFE = 3600
const ASK_ANEW = 900

export class Process {
  readonly options: ProcessOptions
  conditions: Conditions
  /** Its providers were closed; its last export says so. */
  closed = false
  readonly #counters = new Map<string, number>()
  #tokenFrom: number
  #tokenUntil: number
  #refreshAt: number
  #credentialsUntil: number
  #failuresInARow = 0
  #behind = 0
  #now: number

  constructor(options: ProcessOptions) {
    this.options = options
    this.conditions = { ...HEALTHY, ...options.conditions }
    this.#now = options.bornAt
    this.#credentialsUntil = options.bornAt + CREDENTIALS_LIFE
    this.#tokenFrom = options.bornAt
    this.#tokenUntil = options.bornAt
    this.#refreshAt = options.bornAt
  }

  /** Lets it run up to `now`. Seconds. */
  live(now: number): void {
    const seconds = now - this.#now
    this.#now = now
    while (this.#refreshAt <= now && !this.closed) this.#refresh(this.#refreshAt)
    const { authentications, refused, published, lost, handled, busy, fallsBehind } = this.conditions
    this.#add('msk_iam_authentication_duration_seconds_count', '', authentications * seconds)
    for (const [code, perSecond] of Object.entries(refused)) {
      this.#add('msk_iam_authentication_duration_seconds_count', error(code), perSecond * seconds)
      this.#add('msk_iam_authentication_failures_total', error(code), perSecond * seconds)
    }
    if (this.options.publishes ?? true) {
      this.#send('', published * seconds)
      for (const [code, perSecond] of Object.entries(lost)) this.#send(error(code), perSecond * seconds)
    }
    if (this.options.group === undefined) return
    this.#add('messaging_client_consumed_messages_total', this.#ofGroup(), handled * seconds)
    this.#add('messaging_process_duration_seconds_sum', this.#ofGroup(), busy * seconds)
    this.#behind = Math.max(0, this.#behind + fallsBehind * seconds)
  }

  /** A consumer that kafkajs gave up. */
  crash(code: string, restarts: boolean): void {
    this.#add(
      'msk_iam_consumer_crashes_total',
      `${this.#ofGroup()},msk_iam_consumer_restarts="${restarts}",${error(code)}`,
      1,
    )
  }

  /** One authentication that failed. */
  refuse(code: string): void {
    this.#add('msk_iam_authentication_duration_seconds_count', error(code), 1)
    this.#add('msk_iam_authentication_failures_total', error(code), 1)
  }

  /** One send of several messages that failed. */
  lose(messages: number, code: string): void {
    this.#send(error(code), messages, 1)
  }

  /** It runs again under the same `service.instance.id`: everything counts from 0. */
  restart(now: number): void {
    this.#counters.clear()
    this.#now = now
    this.#failuresInARow = 0
    this.#refreshAt = now
    this.live(now)
  }

  /** Every series with its value, as the collector would show it to Prometheus. */
  series(): [string, number][] {
    const { service, instance, backgroundRefresh = true } = this.options
    const own = `service_name="${service}",service_instance_id="${instance}"`
    const provider = `${own},msk_iam_provider_name="default",cloud_region="eu-west-1"`
    const background = `${provider},msk_iam_refresh_background="${backgroundRefresh}"`
    if (this.closed) return [[`msk_iam_providers{${background}}`, 0], ...this.#counted(own, provider)]
    const gauge = (name: string, value: number): [string, number] => [
      `${name}{${provider}}`,
      Math.round(value),
    ]
    const left = Math.max(0, this.#tokenUntil - this.#now)
    return [
      [`msk_iam_providers{${background}}`, 1],
      gauge('msk_iam_token_remaining_lifetime_seconds', left),
      ...(this.#tokenUntil > this.#tokenFrom
        ? [gauge('msk_iam_token_age_seconds', this.#now - this.#tokenFrom)]
        : []),
      gauge(
        'msk_iam_credentials_remaining_lifetime_seconds',
        Math.max(0, this.#credentialsUntil - this.#now),
      ),
      gauge('msk_iam_token_refresh_consecutive_failures', this.#failuresInARow),
      ...(this.options.group === undefined
        ? []
        : [
            [`msk_iam_consumer_messages_behind{${own},${this.#ofGroup()}}`, Math.round(this.#behind)] as [
              string,
              number,
            ],
          ]),
      ...this.#counted(own, provider),
    ]
  }

  #counted(own: Labels, provider: Labels): [string, number][] {
    return (
      [...this.#counters]
        .map(([key, value]) => ({ key, count: Math.floor(value + 1e-6) }))
        // Born with its first event, as in OpenTelemetry's SDK.
        .filter(({ count }) => count > 0)
        .map(({ key, count }) => {
          const [name = '', labels = ''] = key.split('|')
          const base = name.startsWith('messaging_') || name.startsWith('msk_iam_consumer') ? own : provider
          return [`${name}{${base}${labels && `,${labels}`}}`, count]
        })
    )
  }

  #refresh(at: number): void {
    const { refreshFails, signerRetries, timerDead, credentialsFixed } = this.conditions
    const { tokenLife = 900, chance, backgroundRefresh = true } = this.options
    if (timerDead) {
      this.#refreshAt = Number.POSITIVE_INFINITY
      return
    }
    if (this.#credentialsUntil - at < ASK_ANEW && !credentialsFixed && refreshFails === undefined)
      this.#credentialsUntil = at + CREDENTIALS_LIFE
    const retries = refreshFails === undefined ? signerRetries : 1
    if (retries > 0)
      this.#add('msk_iam_signer_retries_total', error(refreshFails ?? 'sts_throttled'), retries)
    if (refreshFails !== undefined) {
      this.#failuresInARow += 1
      this.#add('msk_iam_token_refresh_failures_total', error(refreshFails), 1)
      this.#add('msk_iam_token_refresh_duration_seconds_count', error(refreshFails), 1)
      this.#refreshAt = at + Math.min(30, 2 ** this.#failuresInARow)
      return
    }
    this.#failuresInARow = 0
    this.#add('msk_iam_token_refresh_duration_seconds_count', '', 1)
    const life = Math.min(tokenLife, Math.max(0, this.#credentialsUntil - at))
    this.#tokenFrom = at
    this.#tokenUntil = at + life
    const untilWindow = life - Math.min(WINDOW, 0.75 * life)
    // Without a timer whoever authenticates asks: here, some time after the token has run out.
    this.#refreshAt =
      at + Math.max(1, backgroundRefresh ? (0.5 + 0.2 * chance) * untilWindow : life * (1 + chance))
  }

  #send(labels: Labels, messages: number, sends = messages): void {
    if (messages === 0) return
    const all = `messaging_system_name="kafka",messaging_operation_name="send",messaging_operation_type="send",messaging_destination_name="orders"${labels && `,${labels}`}`
    this.#add('messaging_client_sent_messages_total', all, messages)
    const histogram = 'messaging_client_operation_duration_seconds'
    for (const bound of BUCKETS) {
      // A tenth takes twice as long.
      const { latency } = this.conditions
      const share = bound >= 2 * latency ? 1 : bound >= latency ? 0.9 : 0
      this.#add(`${histogram}_bucket`, `${all},le="${bound}"`, share * sends)
    }
    this.#add(`${histogram}_bucket`, `${all},le="+Inf"`, sends)
    this.#add(`${histogram}_count`, all, sends)
  }

  #ofGroup(): Labels {
    return `messaging_consumer_group_name="${this.options.group}",messaging_destination_name="orders"`
  }

  #add(name: string, labels: Labels, amount: number): void {
    const key = `${name}|${labels}`
    // Not all processes count to one at the same moment.
    this.#counters.set(key, (this.#counters.get(key) ?? 0.99 * this.options.chance) + amount)
  }
}

const error = (code: string): Labels => `error_type="${code}"`
