import { styleText } from 'node:util'

/** Colours, by what they mean. */
export interface Paint {
  title(text: string): string
  event(text: string): string
  detail(text: string): string
  error(text: string): string
  hint(text: string): string
  good(text: string): string
}

type Format = Parameters<typeof styleText>[0]

/** Colours where the stream is a terminal that has them, and NO_COLOR does not forbid it. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const style = (format: Format) => (text: string) =>
    text === '' ? '' : styleText(format, text, { stream, validateStream: true })
  return {
    title: style('bold'),
    event: style('cyan'),
    detail: style('dim'),
    error: style('red'),
    hint: style('yellow'),
    good: style('green'),
  }
}
