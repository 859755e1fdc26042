import type { PublishableMessage, PublishResult } from '../../../src/index.ts'
import type { ChaosRun } from './chaos.ts'

/** Each way in which a run did not keep the publisher's promise, with what was going on. */
export function brokenPromises({ calls, stored, log, seed }: ChaosRun): string[] {
  const broken: string[] = []
  const report = (what: string, recordId: string) =>
    broken.push(`seed ${seed}, ${recordId}: ${what}; ${roundOf(log, recordId)}`)
  for (const { messages, results } of calls) {
    if (results.length !== messages.length) report('not one result a message', String(messages[0]?.recordId))
    messages.forEach((message, index) => {
      const result = results[index]
      const id = String(message.recordId)
      if (result?.recordId !== id) {
        report(`the result of ${result?.recordId} in its place`, id)
        return
      }
      const places = stored.get(id) ?? []
      const wrong = complaint(result, places.length)
      if (wrong) report(wrong, id)
      const [place] = places
      if (!result.ok || !place) return
      if (result.partition !== place.partition) report('in another partition than it says', id)
      if (result.offset !== undefined && result.offset !== String(place.offset))
        report('at another offset', id)
    })
    for (const id of outOfOrder(messages, results, stored)) report('before one that was given earlier', id)
  }
  return broken
}

function complaint({ ok, errorKind, error }: PublishResult, times: number): string | undefined {
  const failure = `${errorKind} (${error}), but there ${times} times`
  if (ok) return times === 1 ? undefined : `ok, but there ${times} times`
  if (errorKind === 'fatal' || errorKind === 'poison' || errorKind === 'backpressure')
    return times === 0 ? undefined : failure
  return times <= 1 ? undefined : failure
}

/** Messages that are ok, and in front of one of the same partition that was given before them. */
function outOfOrder(
  messages: readonly PublishableMessage[],
  results: readonly PublishResult[],
  stored: ChaosRun['stored'],
): string[] {
  const last = new Map<string, number>()
  return messages.flatMap(({ recordId = '' }, index) => {
    const place = results[index]?.ok ? stored.get(recordId)?.[0] : undefined
    if (!place) return []
    const lane = `${place.topic}/${place.partition}`
    const before = last.get(lane) ?? -1
    last.set(lane, place.offset)
    return place.offset < before ? [recordId] : []
  })
}

function roundOf(log: readonly string[], recordId: string): string {
  const number = (text: string) => Number(text.split('-')[1]?.split(':')[0])
  return (
    log.findLast((line) => number(line.split(' ')[3] ?? '') <= number(recordId)) ?? 'after the last round'
  )
}
