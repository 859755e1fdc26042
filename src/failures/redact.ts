/**
 * Text of others (AWS, a broker, a signer) on its way into a message, a log or a span.
 * What we write ourselves never contains a value; this is for what we quote.
 */
/** Long enough to be a key, a signature or a token, percent-encoded or not. Request ids (36 with dashes) stay. */
const LONG_RUN = /(?:[A-Za-z0-9+/_-]|%[0-9A-Fa-f]{2}){40,}={0,2}/g

const secretPatterns: readonly [RegExp, string][] = [
  // A signed URL or its parameters, also where somebody pasted one into an error.
  [/X-Amz-(Signature|Credential|Security-Token)=[^&\s"']+/gi, 'X-Amz-$1=[redacted]'],
  // accessKeyId:secretAccessKey[:sessionToken]
  [/(A[A-Z]{3})[A-Z0-9]{12,}:[^\s"']+/g, '[redacted credentials]'],
  // Access key ids and the unique ids of IAM principals.
  [/(A[KS]IA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{12,}/g, '[redacted id]'],
]

const identityPatterns: readonly [RegExp, string][] = [
  [/\barn:aws[\w-]*:[^\s,;"')\]]+/g, '[arn]'],
  [/\bIAM\.arn[^\s,;"')\]]*/g, '[arn]'],
  [/\b\d{12}\b/g, '[account]'],
]

const replaceAll = (text: string, patterns: readonly [RegExp, string][]): string =>
  patterns.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)

const ARN = /(\barn:aws[\w-]*:[\w:/+=,.@-]+)/

/** Without secrets. ARNs stay, long as they may be: for what the caller reads. */
export const withoutSecrets = (text: string): string =>
  replaceAll(text, secretPatterns)
    .split(ARN)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(LONG_RUN, '[redacted]')))
    .join('')

/** Without secrets, ARNs or account ids, and short: for spans and logs. */
export const forTelemetry = (text: string): string =>
  withoutSecrets(replaceAll(text, identityPatterns)).slice(0, 300)
