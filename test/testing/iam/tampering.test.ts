/**
 * Whole tokens, byte by byte. What a change is worth is worked out here, from the URL and without the library: it may
 * be accepted only where what is left is the same signed request.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { mintCredentials } from '../../../src/testing/iam/local-keys.ts'
import { orders, signed, tokenOf, urlOf, VerifierAtTime } from './tokens.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const MEANINGFUL = [...'%&=?#/+ aAfF09\0\xff'].map((character) => character.charCodeAt(0))

describe.each([
  ['long-lived keys', () => orders],
  ['keys of the local STS', () => mintCredentials('orders-service', new Date(Date.now() + 3_600_000))],
])('In a token of %s', (_, keys) => {
  const verifier = new VerifierAtTime()
  let token: string
  let url: string

  beforeAll(async () => {
    token = await signed(keys())
    url = urlOf(token)
    verifier.now = Date.now()
    expect(verifier.answer(token)).toBe('accepted')
  })

  /** Every bit of every byte, and every byte as one that means something in a URL. */
  function* changes(): Generator<{ at: number; changed: string }> {
    for (let at = 0; at < url.length; at += 1) {
      const byte = url.charCodeAt(at)
      const others = new Set([...[1, 2, 4, 8, 16, 32, 64, 128].map((bit) => byte ^ bit), ...MEANINGFUL])
      others.delete(byte)
      for (const other of others) {
        yield { at, changed: url.slice(0, at) + String.fromCharCode(other) + url.slice(at + 1) }
      }
    }
  }

  test('a change of any byte is accepted where the signed request is the same, and nowhere else', () => {
    const original = signedRequestOf(url)
    const agent = userAgentOf(url)
    const wrong: string[] = []
    let [inAgent, inEscapes, refused] = [0, 0, 0]
    for (const { at, changed } of changes()) {
      const accepted = verifier.answer(tokenOf(changed)) === 'accepted'
      if (accepted !== (signedRequestOf(changed) === original)) wrong.push(changed)
      if (!accepted) refused += 1
      else if (at >= agent.from && at < agent.to) inAgent += 1
      else if (isCaseOfAnEscape(at, url, changed)) inEscapes += 1
      else wrong.push(changed)
    }
    expect(wrong).toEqual([])
    // Every kind was met.
    expect(inAgent).toBeGreaterThan(100)
    expect(inEscapes).toBeGreaterThan(1)
    expect(refused).toBeGreaterThan(8 * (url.length - (agent.to - agent.from)))
  })

  test('every byte that is taken away, doubled or swapped with the next counts', () => {
    const original = signedRequestOf(url)
    for (let at = 0; at < url.length; at += 1) {
      const [before, byte, next, after] = [url.slice(0, at), url[at], url[at + 1] ?? '', url.slice(at + 2)]
      for (const changed of [
        before + next + after,
        before + byte + byte + next + after,
        before + next + byte + after,
      ]) {
        expect(verifier.answer(tokenOf(changed)) === 'accepted', changed).toBe(
          signedRequestOf(changed) === original,
        )
      }
    }
  })

  test('any other letter of the base64url text counts, unless its bytes are those of the User-Agent', () => {
    const original = signedRequestOf(url)
    for (let at = 0; at < token.length; at += 1) {
      for (const bit of [1, 2, 4, 8, 16, 32]) {
        const letter = ALPHABET[ALPHABET.indexOf(token[at] ?? '') ^ bit]
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        // The last letter may have bits that stand for nothing: then the bytes are the same, but the text is not one
        // that an encoder writes.
        const canonical = tokenOf(urlOf(changed)) === changed
        expect(verifier.answer(changed) === 'accepted', changed).toBe(
          canonical && signedRequestOf(urlOf(changed)) === original,
        )
      }
    }
  })

  test('no letter outside of the base64url alphabet is passed over', () => {
    for (let at = 0; at <= token.length; at += 1) {
      for (const letter of ['=', '+', '/', '.', '\n', ' ', '\0', 'é', '＋']) {
        const added = token.slice(0, at) + letter + token.slice(at)
        const replaced = token.slice(0, at) + letter + token.slice(at + 1)
        for (const changed of [added, replaced])
          expect(verifier.answer(changed), changed).not.toBe('accepted')
      }
    }
  })

  test('no part of it is enough', () => {
    for (let end = 0; end < url.length; end += 1) {
      expect(verifier.answer(tokenOf(url.slice(0, end))), url.slice(0, end)).not.toBe('accepted')
    }
  })
})

/**
 * The request that the signature stands for, with the signature: whatever has the same is the same to AWS. undefined for
 * what is no request that MSK knows: another parameter, one twice, or escapes that are none.
 */
function signedRequestOf(url: string): string | undefined {
  const mark = url.indexOf('?')
  const parameters = url
    .slice(mark + 1)
    .split('&')
    .map((parameter) => parameter.split(/=(.*)/s, 2).map(unescaped))
  const names = parameters.map(([name]) => name)
  if (!/^[!-~]*$/.test(url) || url.includes('#') || new Set(names).size < names.length) return undefined
  if (parameters.flat().includes(undefined)) return undefined
  const signedOnes = parameters.filter(([name]) => name !== 'User-Agent')
  return JSON.stringify([url.slice(0, mark), signedOnes.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))])
}

/** undefined where an escape is not two hexadecimal digits, or the bytes are not UTF-8. */
function unescaped(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  const bytes = Buffer.from(
    text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  const decoded = bytes.toString('utf8')
  return Buffer.from(decoded).equals(bytes) ? decoded : undefined
}

/** Where the value of the User-Agent stands: all that is not signed. */
function userAgentOf(url: string): { from: number; to: number } {
  const from = url.indexOf('&User-Agent=') + '&User-Agent='.length
  const end = url.indexOf('&', from)
  return { from, to: end < 0 ? url.length : end }
}

/** %3A and %3a are one character. */
function isCaseOfAnEscape(at: number, url: string, changed: string): boolean {
  const inEscape = /%[0-9A-F]?$/.test(url.slice(Math.max(0, at - 2), at)) && /[A-F]/.test(url[at] ?? '')
  return inEscape && url[at]?.toLowerCase() === changed[at]
}
