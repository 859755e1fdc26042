/** Between the parts of a path, a name, an id; `+` is in no name. */
const JOINT = /[-_/=]|%[0-9A-Fa-f]{2}|\\{1,4}[/rn]|\\{1,4}u00[0-9A-Fa-f]{2}/g
/** Inside of names in camel case. */
const ABBREVIATIONS =
  /NGHTTP2|Http2|eksctl|[Ee][Cc]2|S3|SIGV4A?|V[1-4](?!\d)|OAuth2|SAML|JWT|IDP|FIPS|Route53|SHA256|Base64|X509|IPv[46]|AWS|SSO|SASL|STS|HTTPS?|JSON|JS|TLS|SSL|MSK|IAM|KMS|SDK|SQS|SNS|EKS|ECS|DLQ|OpenID|API|URL|DNS|TCP|IMDS|OIDC|Sts|Msk|Sdk|Ssl|Tls|Ttl|Dns|Tcp|Http|Dlq/g
const SHORT_WORDS = new Set([
  'Js',
  'Fn',
  'If',
  'Id',
  'Of',
  'To',
  'In',
  'On',
  'By',
  'Is',
  'Or',
  'No',
  'My',
  'As',
  'At',
  'Be',
  'Up',
  'Ms',
])
/** At the beginning of a name in camel case: `onConnect`, `httpStatusCode`. */
const FIRST_WORDS = /^(?:on|is|to|of|my|in|no|as|at|by|https?|sts|msk|sdk|ssl|tls|tcp|dns|ttl)(?=[A-Z])/
/** CloudFormation's `…-1ABCDEFGHIJ2K`; a pod's `…-7d9f8b6c5d`. */
const MADE_UP = /-(?:[A-Z0-9]{10,14}|[a-z0-9]{1,10})(?=[-/]|$)/g
/** CDK: `TaskRole30FC0FBB`. */
const HASH = /[0-9A-F]{8}$/
/** `credentials`, `LambdaRole`. */
const SHORT_PART = /^(?:[a-z]{3,11}|[A-Z][a-z]{3,9}(?:[A-Z][a-z]{1,6})?)$/
const MUTE = /[bcdfghjklmnpqrstvwxz]{4}/
/** Nothing that is written for people has so many in a row. */
const ENCODED = /(?:%[0-9A-Fa-f]{2}){6}/

/**
 * Whether a run of characters of base64 is text: every part of it is a word, words in camel case, a number, a date, or an
 * id of hexadecimal digits. One in a hundred pieces of 12 characters of a random key passes, of a whole key none.
 *
 * @param inName in an ARN or the name of a host, names end in ids that tools make up
 */
export function readsAsWords(run: string, inName: boolean): boolean {
  if (ENCODED.test(run)) return false
  const parts = (inName ? run.replace(MADE_UP, '') : run).split(JOINT)
  const odd = parts.filter((part) => !isReadable(part, inName))
  return (
    odd.length === 0 || (run.startsWith('/') && parts.length > 3 && odd.length === 1 && isTemporary(odd[0]))
  )
}

/**
 * Where the words and numbers end that the run of an ARN, a host or a path begins with; 0 where it begins with something
 * else. Words of others can be longer: these are short, so that nothing of what was glued to them is taken for one.
 */
export function endOfWords(run: string): number {
  let end = 0
  for (const { index, 0: joint } of run.matchAll(JOINT)) {
    const part = run.slice(end, index)
    const isFirst = end === 0 && /^\d{0,3}$/.test(part)
    if (!isFirst && !/^\d{12}$/.test(part) && !isShortName(part)) break
    end = index + joint.length
  }
  return end
}

const isShortName = (part: string): boolean =>
  part.length > 2 && part.length < 12 && SHORT_PART.test(part) && !MUTE.test(part) && areWords(part)

/** `/tmp/service-aB3xY9/token` */
const isTemporary = (part = ''): boolean => part.length <= 10

function isReadable(part: string, inName: boolean): boolean {
  if (part.length <= 2 || /^(?:\d{1,32}|\d{8}T\d{6}Z)$/.test(part)) return true
  if (/^(?:[0-9a-f]{1,17}|[0-9A-F]{1,17}|[a-z0-9]{1,5}|[A-Z0-9]{1,5})$/.test(part)) return true
  return (
    areWords(part) || areWords(part.replace(/\d{1,4}$/, '')) || (inName && areWords(part.replace(HASH, '')))
  )
}

/** In one case, or in camel case: `KafkaJSNumberOfRetriesExceeded`. */
function areWords(letters: string): boolean {
  if (/^[A-Z]+$/.test(letters)) return isWord(letters)
  const rest = letters.replace(FIRST_WORDS, '').replace(ABBREVIATIONS, ' ').trim()
  if (!/^[A-Za-z ]*$/.test(rest)) return false
  const words = rest.match(/[A-Z]?[a-z]+|[A-Z]/g) ?? []
  return rest.length >= 4 * (words.length - 1) && words.every(isWord)
}

function isWord(word: string): boolean {
  if (word.length < 3) return SHORT_WORDS.has(word)
  return word.length <= 22 && /[aeiouy]/i.test(word) && !/[bcdfghjklmnpqrstvwxz]{5}/i.test(word)
}
