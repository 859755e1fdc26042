/** RFC 7628's first message of a client: authorization id, `auth`, and extensions that nobody reads. */
const FIRST_MESSAGE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format's separator is a control character.
  /^n,(?:a=[^,]+)?,\x01(?:[A-Za-z]+=[^\x01]*\x01)*?auth=bearer +([\w.~+/-]+=*)\x01(?:[A-Za-z]+=[^\x01]+\x01)*\x01$/i

/** The token that a client sent; undefined where it sent something else. */
export const tokenOf = (authBytes: Buffer): string | undefined =>
  FIRST_MESSAGE.exec(authBytes.toString('latin1'))?.[1]
