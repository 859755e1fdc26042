import { endOfWords, readsAsWords } from './readable.ts'

/**
 * Finds secrets in a short text by their looks. Everything here is linear in the length of the text.
 *
 * What announces itself (a parameter of a signed URL, an access key id, `password=…`) is found by a pattern. Everything
 * else is found the other way round: a run of 12 or more characters of base64, percent-encoded or escaped or not, is
 * shown only if it reads as words, numbers or ids. Wherever a secret is cut, its pieces still do not read as words.
 */
export function maskSecrets(text: string): string {
  return maskRuns(
    announced.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text),
  )
}

/** Between a name and its value: `=`, `": "`, and both escaped or percent-encoded. */
const IS = String.raw`["'\\]*\s?(?:[:=]|%(?:25)?3[AD]|\\u003[ad])[\s"'\\]{0,4}`

const named = (names: string, value: string) => new RegExp(`(${names})${IS}${value}`, 'gi')

const announced: readonly [RegExp, string][] = [
  [named('X-Amz-(?:Signature|Credential|Security-Token)', String.raw`[^&\s"'<>]*`), '$1=[redacted]'],
  [
    named(
      'secret_?access_?key|session_?token|security_?token|client_?secret|password|passwd',
      String.raw`(?!sessionToken)[^\s"'&,;}]+`,
    ),
    '$1=[redacted]',
  ],
  [/\bBearer\s[^\s"']{12,}/gi, 'Bearer [redacted]'],
  [/:\/\/[^\s/@:]{1,100}:[^\s/@]{1,300}@/g, '://[redacted]@'],
  // accessKeyId:secretAccessKey[:sessionToken]
  [/A[A-Z]{3}[A-Z0-9]{12,124}:[^\s"']+/gi, '[redacted credentials]'],
  // Access key ids, and the unique ids of IAM principals.
  [/(?:A[KS]IA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{6,}/g, '[redacted id]'],
  [/A[KS]IA[A-Z0-9]{12,}/gi, '[redacted id]'],
]

/** Characters of base64 and base64url, plain, percent-encoded or JSON-escaped, escaped line breaks. */
const RUN = /(?:[A-Za-z0-9+/_-]|%[0-9A-Fa-f]{2}|\\{1,4}[/rn]|\\{1,4}u00[0-9A-Fa-f]{2})+={0,2}/g
/** Role names may also have `,` and `=`, but they are what others glue a secret to an ARN with. */
const ARN = /arn:aws[\w-]*:[\w:+/.@-]*/gi
/** A host: `boot-x9k2zq7t.c2.kafka-serverless.eu-west-1.amazonaws.com`. */
const HOST = /(?<![\w+/%-])(?:[a-z0-9-]{1,63}\.){2,12}[a-z]{2,24}(?![\w+%-])/g
/** Where no host by name is before it, the last number of an address may be. */
const PATH = /^(?:\d{1,3})?\//
/** Shorter runs are no use to anybody, unless several follow each other. */
const SHORTEST = 12
/** So many characters together are pieces of one secret that was broken into short lines. */
const SHORTEST_BROKEN = 20
/** Of what is next to a secret, if only this is between: a piece of the same one. */
const GAP = /^[\s"'\\,;|+=/&<>#%\ufffd]{1,16}$/
const PLAIN_WORD = /^[A-Z]?[a-z]{1,20}$/

interface Run {
  readonly start: number
  readonly end: number
  readonly text: string
  /** It does not read as words. */
  readonly odd: boolean
  /** It is of an ARN, a host or a path. */
  readonly inName: boolean
  secret: boolean
}

function maskRuns(text: string): string {
  const names = [...text.matchAll(ARN), ...text.matchAll(HOST)]
  const runs: Run[] = [...text.matchAll(RUN)]
    .filter(([run]) => /\w/.test(run))
    .map(({ index: start, 0: run }) => {
      const inName = names.some(({ index, 0: name }) => start >= index && start < index + name.length)
      const odd = run.length > 3 && !readsAsWords(run, inName)
      return {
        start,
        end: start + run.length,
        text: run,
        odd,
        inName: inName || PATH.test(run),
        secret: odd && run.length >= SHORTEST,
      }
    })
  joinPieces(text, runs)
  if (!runs.some(({ secret }) => secret)) return text
  spread(text, runs)
  spread(text, runs.toReversed())
  return replaced(text, runs)
}

/** Short runs that do not read as words, one after the other, are one secret. */
function joinPieces(text: string, runs: readonly Run[]): void {
  let pieces: Run[] = []
  let length = 0
  for (const run of runs) {
    const last = pieces.at(-1)
    if (last && !(run.odd && GAP.test(text.slice(last.end, run.start)))) {
      pieces = []
      length = 0
    }
    if (!run.odd) continue
    pieces.push(run)
    length += run.text.length
    if (length >= SHORTEST_BROKEN && pieces.length > 2) for (const piece of pieces) piece.secret = true
  }
}

/** What is next to a secret, and is no plain word, belongs to it. */
function spread(text: string, runs: readonly Run[]): void {
  runs.forEach((run, index) => {
    const before = runs[index - 1]
    if (!before?.secret || run.secret || PLAIN_WORD.test(run.text)) return
    const [left, right] = before.start < run.start ? [before, run] : [run, before]
    run.secret = GAP.test(text.slice(left.end, right.start))
  })
}

/** Neighbours become one `[redacted]`. What a secret is glued to, the beginning of a path or a name, stays. */
function replaced(text: string, runs: readonly Run[]): string {
  let result = ''
  let shown = 0
  for (const { start, end, text: run, odd, inName } of runs.filter(({ secret }) => secret)) {
    const gap = text.slice(shown, start)
    const same = result.endsWith('[redacted]') && GAP.test(gap)
    if (!same) result += `${gap}${odd && inName ? run.slice(0, endOfWords(run)) : ''}[redacted]`
    shown = end
  }
  return result + text.slice(shown)
}
