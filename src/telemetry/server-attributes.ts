import type { Attributes } from '@opentelemetry/api'
import { Attribute } from './names.ts'

/** A broker, as semantic conventions name it. */
export const serverAttributes = (host: string, port: number): Attributes => ({
  [Attribute.ServerAddress]: host,
  [Attribute.ServerPort]: port,
})
