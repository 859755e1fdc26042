import type { Case } from '../case.ts'
import type { CaseFault } from '../cluster.ts'
import type { Scene } from '../scene.ts'

/** The fault, and what the same client finds when it is over. */
async function strike(scene: Scene, fault: CaseFault): Promise<void> {
  const kafka = scene.kafka({}, { requestTimeout: 1_000 })
  const producer = kafka.producer()
  scene.cluster.fault(fault)
  await scene.attempt('connect', () => producer.connect())
  scene.cluster.mend()
  await scene.attempt('connect again', () => producer.connect())
  await producer.disconnect()
}

export const faults: readonly Case[] = [
  {
    name: 'the fault deny',
    run: (scene) => strike(scene, 'deny'),
    expected: `<<>>`,
  },
  {
    name: 'the fault throttle',
    run: (scene) => strike(scene, 'throttle'),
    expected: `<<>>`,
  },
  {
    name: 'the fault invalid-signature',
    run: (scene) => strike(scene, 'invalid-signature'),
    expected: `<<>>`,
  },
  {
    name: 'the fault session-too-short',
    run: (scene) => strike(scene, 'session-too-short'),
    expected: `<<>>`,
  },
  {
    name: 'the fault slow',
    run: (scene) => strike(scene, 'slow'),
    expected: `<<>>`,
  },
]
