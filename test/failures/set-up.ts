/** What every file of reproduced failures begins and ends with. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTelemetry, type Telemetry } from '../support/telemetry.ts'
import { type AwsEnvironment, awsEnvironment } from './aws-environment.ts'
import { Asserted } from './expect-failure.ts'
import type { Covered } from './reproduced-codes.ts'

// Importers see what the hooks put here.
export let telemetry: Telemetry
/** New for each test. */
export let aws: AwsEnvironment
/** Called when the test ends. */
export const open: (() => unknown)[] = []
export const asserted = new Asserted()

export function setUp(): void {
  beforeAll(() => {
    telemetry = startTelemetry()
  })
  afterAll(() => telemetry.stop())
  beforeEach(async () => {
    telemetry.clear()
    aws = await awsEnvironment()
  })
  afterEach(async () => {
    for (const close of open.splice(0)) await close()
    await aws[Symbol.asyncDispose]()
  })
}

/** The last test of a file. */
export function expectAllAsserted(covered: Covered): void {
  test('every failure that is listed as covered here has been asserted above', () => {
    expect([...asserted.codes].sort()).toEqual([...covered.reproduced, ...covered.others].sort())
  })
}
