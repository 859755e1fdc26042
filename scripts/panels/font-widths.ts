/** How wide the characters of a TrueType font are: its tables `head`, `hhea`, `hmtx`, and `cmap` in format 4. */

/** In parts of the font's size. */
export function advancesOf(font: Buffer): (character: string) => number {
  const table = tablesOf(font)
  const unitsPerEm = font.readUInt16BE(table('head') + 18)
  const widths = font.readUInt16BE(table('hhea') + 34)
  const glyphOf = glyphs(font, table('cmap'))
  const metrics = table('hmtx')
  return (character) => {
    const glyph = Math.min(glyphOf(character.codePointAt(0) ?? 0), widths - 1)
    return font.readUInt16BE(metrics + 4 * glyph) / unitsPerEm
  }
}

function tablesOf(font: Buffer): (name: string) => number {
  const count = font.readUInt16BE(4)
  const offsets = new Map(
    Array.from({ length: count }, (_, index) => 12 + 16 * index).map((at) => [
      font.toString('latin1', at, at + 4),
      font.readUInt32BE(at + 8),
    ]),
  )
  return (name) => {
    const offset = offsets.get(name)
    if (offset === undefined) throw new Error(`The font has no table ${name}.`)
    return offset
  }
}

/** From a code point to the number of its glyph; 0 is the one for what the font does not have. */
function glyphs(font: Buffer, cmap: number): (code: number) => number {
  const subtables = Array.from(
    { length: font.readUInt16BE(cmap + 2) },
    (_, index) => cmap + font.readUInt32BE(cmap + 4 + 8 * index + 4),
  )
  const start = subtables.find((at) => font.readUInt16BE(at) === 4)
  if (start === undefined) throw new Error('The font has no character map in format 4.')
  const segments = font.readUInt16BE(start + 6) / 2
  const [ends, starts, deltas, ranges] = [
    14,
    16 + 2 * segments,
    16 + 4 * segments,
    16 + 6 * segments,
  ] as const
  return (code) => {
    for (let segment = 0; segment < segments; segment += 1) {
      if (code > font.readUInt16BE(start + ends + 2 * segment)) continue
      const from = font.readUInt16BE(start + starts + 2 * segment)
      if (code < from) return 0
      const delta = font.readUInt16BE(start + deltas + 2 * segment)
      const at = start + ranges + 2 * segment
      const range = font.readUInt16BE(at)
      if (range === 0) return (code + delta) % 65_536
      const glyph = font.readUInt16BE(at + range + 2 * (code - from))
      return glyph === 0 ? 0 : (glyph + delta) % 65_536
    }
    return 0
  }
}
