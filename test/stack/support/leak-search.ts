/**
 * Searches what was exported for what must never be: any 16 characters in a row of a key or a token, as they are, in
 * JSON inside of JSON, percent-encoded, or in base64 and base64url, twice over.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Secret } from './record-secrets.ts'

export interface Leak {
  /** File and line, `traces.jsonl:12`. */
  readonly where: string
  readonly kind: Secret['kind']
  /** The run whose secret it is. */
  readonly run: string
  /** How it was written: `plain`, `base64`, `base64 > base64`, … */
  readonly form: string
}

const WINDOW = 16
/** 16 bytes are 22 characters of base64. A run may begin with what is not part of the secret. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{20,}/g
const MAX_DEPTH = 3

export const exportedFiles = ['traces.jsonl', 'metrics.jsonl', 'logs.jsonl'] as const

/** Every file there is to search, by name. @throws where one is missing or empty: nothing would be proven then */
export function readExports(folder: string, consoles: readonly string[]): Map<string, string> {
  const wanted = [...exportedFiles, ...consoles.map((run) => `console-${run}.log`)]
  const there = new Set(readdirSync(folder))
  const texts = new Map<string, string>()
  for (const name of wanted) {
    const text = there.has(name) ? readFileSync(`${folder}/${name}`, 'utf8') : undefined
    if (!text?.trim()) {
      throw new Error(
        `Nothing to search: ${folder}/${name} is ${text === undefined ? 'missing' : 'empty'}. Run the whole of \`npm run test:stack\`.`,
      )
    }
    texts.set(name, text)
  }
  return texts
}

export function searchForLeaks(texts: ReadonlyMap<string, string>, secrets: readonly Secret[]): Leak[] {
  const windows = windowsOf(secrets)
  const leaks: Leak[] = []
  // Telemetry says the same again and again, and what was clean once is clean.
  const clean = new Set<string>()
  for (const [file, text] of texts) {
    text.split('\n').forEach((line, index) => {
      for (const part of new Set(stringsOf(line))) {
        if (clean.has(part)) continue
        const found = find(part, windows)
        if (found) leaks.push({ where: `${file}:${index + 1}`, ...found })
        else clean.add(part)
      }
    })
  }
  return leaks
}

type Windows = ReadonlyMap<string, Secret>

function windowsOf(secrets: readonly Secret[]): Windows {
  const windows = new Map<string, Secret>()
  for (const secret of secrets) {
    if (secret.value.length < WINDOW)
      throw new Error(`A ${secret.kind} of ${secret.value.length} characters cannot be searched for.`)
    for (let at = 0; at + WINDOW <= secret.value.length; at += 1)
      windows.set(secret.value.slice(at, at + WINDOW), secret)
  }
  return windows
}

function find(text: string, windows: Windows): Omit<Leak, 'where'> | undefined {
  for (const { content, form } of readings(text, 'plain', 0)) {
    for (let at = 0; at + WINDOW <= content.length; at += 1) {
      const secret = windows.get(content.slice(at, at + WINDOW))
      if (secret) return { kind: secret.kind, run: secret.run, form }
    }
  }
  return undefined
}

/** A text, and everything that it may be the encoding of. */
function* readings(
  content: string,
  form: string,
  depth: number,
): Generator<{ content: string; form: string }> {
  yield { content, form }
  if (depth === MAX_DEPTH) return
  const within = (kind: string) => (form === 'plain' ? kind : `${form} > ${kind}`)
  if (/%[0-9A-Fa-f]{2}/.test(content)) yield* readings(percentDecoded(content), within('percent'), depth + 1)
  const nested = jsonIn(content)
  if (nested !== undefined) {
    for (const part of stringsOfValue(nested)) yield* readings(part, within('json'), depth + 1)
  }
  for (const [run] of content.matchAll(BASE64_RUN)) {
    // What it was glued to may have shifted it: one of four positions is the right one.
    for (let shift = 0; shift < 4; shift += 1) {
      const decoded = Buffer.from(run.slice(shift), 'base64').toString('latin1')
      if (decoded.length >= WINDOW) yield* readings(decoded, within('base64'), depth + 1)
    }
  }
}

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))

/** The strings of a line of JSON, keys too; of any other line the line itself. */
function stringsOf(line: string): Iterable<string> {
  const value = jsonIn(line)
  return value === undefined ? [line] : stringsOfValue(value)
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{"]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function* stringsOfValue(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  if (typeof value !== 'object' || value === null) return
  // Bytes may be written as the array of their numbers.
  if (Array.isArray(value) && value.length >= WINDOW && value.every((item) => isByte(item)))
    yield Buffer.from(value).toString('latin1')
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) yield key
    yield* stringsOfValue(item)
  }
}

const isByte = (item: unknown) => Number.isInteger(item) && (item as number) >= 0 && (item as number) < 256
