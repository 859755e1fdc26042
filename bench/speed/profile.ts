/**
 * Where the time and the bytes of a task go: by function, its own part only, and that of what is built into the engine with
 * it, which has no place of its own.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Of one time of the task. */
export interface Cost {
  /** Whose code: a package, or `node` or `v8`. */
  readonly of: string
  /** `file:line function`. */
  readonly place: string
  readonly amount: number
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

const SAMPLE_US = 100
const SAMPLE_BYTES = 2_048

/** Microseconds. */
export async function timeOf(times: number, work: () => Promise<void>): Promise<Cost[]> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await session.post('Profiler.start')
  await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const calls = new Map<number, Call>()
  const walk = (id: number, parent: Call | undefined): void => {
    const node = byId.get(id)
    if (!node) return
    const call = callOf(node.callFrame, parent)
    calls.set(id, call)
    for (const child of node.children ?? []) walk(child, call)
  }
  walk(profile.nodes[0]?.id ?? 1, undefined)
  const deltas = profile.timeDeltas ?? []
  const samples = profile.samples ?? []
  return sorted(samples.map((id, at) => [calls.get(id), (deltas[at + 1] ?? 0) / times]))
}

/** Bytes, also of what has been collected since. */
export async function bytesOf(times: number, work: () => Promise<void>): Promise<Cost[]> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLE_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as never)
  await work()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const found: [Call, number][] = []
  const walk = (node: typeof profile.head, parent: Call | undefined): void => {
    const call = callOf(node.callFrame, parent)
    found.push([call, node.selfSize / times])
    for (const child of node.children) walk(child, call)
  }
  walk(profile.head, undefined)
  return sorted(found)
}

/** Where a function stands, and what was called in there. */
interface Call {
  readonly frame: CallFrame
  readonly builtIn: string
}

const callOf = (frame: CallFrame, parent: Call | undefined): Call =>
  frame.url === '' && !frame.functionName.startsWith('(') && parent?.frame.url
    ? { frame: parent.frame, builtIn: ` → ${frame.functionName}` }
    : { frame, builtIn: '' }

function sorted(found: readonly (readonly [Call | undefined, number])[]): Cost[] {
  const sums = new Map<string, Cost>()
  for (const [call, amount] of found) {
    if (!call) continue
    const { frame, builtIn } = call
    const cost = { of: ownerOf(frame), place: placeOf(frame) + builtIn, amount }
    const key = `${cost.of} ${cost.place}`
    sums.set(key, { ...cost, amount: amount + (sums.get(key)?.amount ?? 0) })
  }
  return [...sums.values()].sort((a, b) => b.amount - a.amount)
}

function ownerOf({ url, functionName }: CallFrame): string {
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  if (name) return name
  if (url.includes('/bench/speed/')) return 'bench'
  if (url.includes('/dist/')) return 'ours'
  return url === '' && functionName.startsWith('(') ? 'v8' : 'node'
}

function placeOf({ url, functionName, lineNumber, columnNumber }: CallFrame): string {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const original = sourceOf(url, lineNumber, columnNumber)
  if (original) return `${original} ${name}`
  return `${url.replace(/.*node_modules\//, '').replace('file://', '')}:${lineNumber + 1} ${name}`
}

const maps = new Map<string, SourceMap | undefined>()

/** `src/…:line` of what was built. */
function sourceOf(url: string, line: number, column: number): string | undefined {
  if (!maps.has(url)) maps.set(url, mapOf(url))
  const found = maps.get(url)?.findEntry(line, column)
  if (!found || !('originalSource' in found)) return undefined
  return `${found.originalSource.replace(/^(\.\.\/)+/, '')}:${found.originalLine + 1}`
}

function mapOf(url: string): SourceMap | undefined {
  const file = url.startsWith('file:') ? `${fileURLToPath(url)}.map` : ''
  return url.includes('/dist/') && !url.includes('node_modules') && existsSync(file)
    ? new SourceMap(JSON.parse(readFileSync(file, 'utf8')))
    : undefined
}
