import { maskSecrets } from './mask-secrets.ts'

/**
 * Text of others (AWS, a broker, a signer, a handler) on its way into a message of ours, a log, a span or a label.
 * There is no other way: whatever it is, it comes out short, in one line, without secrets and without characters that
 * a terminal or a reader of logs would act on. Doing it twice changes nothing.
 */

/** No more of a text is looked at, so that the longest costs no more than this. */
const READ = 4_096
/** As far back as the last word is looked for where it was cut. */
const LAST_WORD = 1_024

/** Sequences for terminals begin with an escape, or with one character of U+0080 to U+009F. */
const ANSI = new RegExp(
  [
    String.raw`(?:\u001b\[|\u009b)[0-?]{0,32}[ -/]{0,8}[@-~]`,
    String.raw`(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]{0,256}(?:\u0007|\u001b\\|\u009c)?`,
    String.raw`\u001b`,
  ].join('|'),
  'g',
)
/**
 * Direction marks, zero-width characters, variation selectors, fillers and others that are not seen: they would hide a
 * secret, or turn a line around.
 */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
/** Line breaks (U+2028, U+2029, U+0085 and those of HTML too) and control characters. */
const CONTROL = /(?:[\p{Cc}\p{Zl}\p{Zp}]|<br ?\/?>)+/gu

const identityPatterns: readonly [RegExp, string][] = [
  [/arn:aws[\w-]*:(?:\[redacted[ \w]{0,12}\]|[^\s,;="')\]])+/gi, '[arn]'],
  [/\bIAM\.arn[^\s,;"')\]]*/g, '[arn]'],
  [/(?<!\d)\d{12}(?!\d)/g, '[account]'],
]

/** Without secrets. ARNs stay: for what the caller reads. */
export const withoutSecrets = (text: string, limit = 1_000): string => cut(maskSecrets(oneLine(text)), limit)

/** Without secrets, ARNs or account ids, and shorter: for spans and logs. */
export function forTelemetry(text: string, limit = 300): string {
  const unnamed = identityPatterns.reduce(
    (result, [pattern, replacement]) => result.replace(pattern, replacement),
    maskSecrets(oneLine(text)),
  )
  return cut(unnamed, limit)
}

/** What an error says, whatever it is that was thrown. */
export function wordsOf(error: unknown): string {
  try {
    const message = error instanceof Error ? error.message : error
    return typeof message === 'string' ? message : String(message)
  } catch {
    return 'an error that cannot be read'
  }
}

function oneLine(text: string): string {
  return beginning(text).toWellFormed().replace(ANSI, '').replace(INVISIBLE, '').replace(CONTROL, ' ')
}

/** Without the word that was cut in two: half a secret is harder to recognise. */
function beginning(text: string): string {
  if (text.length <= READ) return text
  const words = text.slice(0, READ - LAST_WORD)
  const last = /^\S*/.exec(text.slice(READ - LAST_WORD, READ))?.[0] ?? ''
  return `${last.length < LAST_WORD ? words + last : words}…`
}

const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : text.slice(0, limit).toWellFormed()
