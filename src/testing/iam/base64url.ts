/**
 * Node skips what is not of the alphabet, so that many texts would stand for the same bytes. Here there is one: without
 * padding, without anything else, and with no bits set beyond the last byte. undefined for every other.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined
}
