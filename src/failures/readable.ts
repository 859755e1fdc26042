/** Between the parts of a path, a name, an id; `+` is in no name. */
const JOINT = /[-_/=]|%[0-9A-Fa-f]{2}|\\{1,4}[/rn]|\\{1,4}u00[0-9A-Fa-f]{2}/
/** Inside of names in camel case. */
const ABBREVIATIONS =
  /EC2|S3|V[1-4](?!\d)|OAuth2|Route53|SHA256|Base64|X509|IPv[46]|AWS|SSO|SASL|STS|HTTPS?|JSON|JS|TLS|SSL|MSK|IAM|KMS|SDK|SQS|SNS|EKS|ECS|DLQ|OpenID|API|URL|DNS|TCP|IMDS|OIDC|Sts|Msk|Sdk|Ssl|Tls|Ttl|Dns|Tcp|Http|Dlq/g
const SHORT_WORDS = new Set([
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
/** CloudFormation's `…-1ABCDEFGHIJ2K`; a pod's `…-7d9f8b6c5d`. */
const MADE_UP = /-(?:[A-Z0-9]{10,14}|[a-z0-9]{1,10})(?=[-/]|$)/g
/** CDK: `TaskRole30FC0FBB`. */
const HASH = /[0-9A-F]{8}$/
/** Nothing that is written for people has so many in a row. */
const ENCODED = /(?:%[0-9A-Fa-f]{2}){6}/

/**
 * Whether a run of characters of base64 is text: every part of it is a word, words in camel case, a number, a date, or an
 * id of hexadecimal digits. One in a hundred pieces of 12 characters of a random key passes, of a whole key none.
 *
 * @param inArn names of roles end in ids that tools make up
 */
export function readsAsWords(run: string, inArn: boolean): boolean {
  if (ENCODED.test(run)) return false
  const parts = (inArn ? run.replace(MADE_UP, '') : run).split(JOINT)
  const odd = parts.filter((part) => !isReadable(part, inArn))
  return (
    odd.length === 0 || (run.startsWith('/') && parts.length > 3 && odd.length === 1 && isTemporary(odd[0]))
  )
}

/** `/tmp/service-aB3xY9/token` */
const isTemporary = (part = ''): boolean => part.length <= 10

function isReadable(part: string, inArn: boolean): boolean {
  if (part.length <= 2 || /^(?:\d{1,32}|\d{8}T\d{6}Z)$/.test(part)) return true
  if (/^(?:[0-9a-f]{1,17}|[0-9A-F]{1,12}|[a-z0-9]{1,5}|[A-Z0-9]{1,5})$/.test(part)) return true
  return areWords(part.replace(/\d{1,4}$/, '')) || (inArn && areWords(part.replace(HASH, '')))
}

/** In one case, or in camel case: `KafkaJSNumberOfRetriesExceeded`. */
function areWords(letters: string): boolean {
  if (/^[A-Z]+$/.test(letters)) return isWord(letters)
  const rest = letters.replace(ABBREVIATIONS, ' ').trim()
  if (!/^[A-Za-z ]*$/.test(rest)) return false
  const words = rest.match(/[A-Z]?[a-z]+|[A-Z]/g) ?? []
  return rest.length >= 4 * (words.length - 1) && words.every(isWord)
}

function isWord(word: string): boolean {
  if (word.length < 3) return SHORT_WORDS.has(word)
  return word.length <= 22 && /[aeiouy]/i.test(word) && !/[bcdfghjklmnpqrstvwxz]{5}/i.test(word)
}
