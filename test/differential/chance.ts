import { Random } from '../publisher/support/random.ts'

const random = Math.random
const randomValues = globalThis.crypto.getRandomValues

/**
 * Seeds kafkajs's chance and nobody else's: its waits, the order in which it tries brokers, and where its partitioner
 * begins. Each of them has numbers of its own, so that one more wait does not change which broker is asked.
 */
export function seedChance(seed: number): void {
  const sequences = new Map<string, Random>()
  const next = (place: string): number => {
    const sequence = sequences.get(place) ?? new Random(seed + place.length)
    sequences.set(place, sequence)
    return sequence.next()
  }
  Math.random = () => {
    const place = /kafkajs\/src\/(\S+?)\.js/.exec(new Error('where').stack ?? '')?.[1]
    return place === undefined ? random() : next(place)
  }
  globalThis.crypto.getRandomValues = ((bytes: Uint8Array) => {
    const place = /kafkajs\/src\/(\S+?)\.js/.exec(new Error('where').stack ?? '')?.[1]
    if (place === undefined) return randomValues.call(globalThis.crypto, bytes)
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(next(place) * 256)
    return bytes
  }) as typeof randomValues
}

export function restoreChance(): void {
  Math.random = random
  globalThis.crypto.getRandomValues = randomValues
}
