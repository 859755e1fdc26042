import { onTestFinished, vi } from 'vitest'

/** kafkajs's clock for sessions is so much later from now on. */
export function jumpOfSessions(seconds: number): void {
  const real = process.hrtime
  const later = (before?: [number, number]): [number, number] => {
    const [s, ns] = real(before)
    return before ? [s + seconds, ns] : [s, ns]
  }
  vi.spyOn(process, 'hrtime').mockImplementation(later as typeof real)
  onTestFinished(() => void vi.restoreAllMocks())
}
