/** What an entry shows: the declarations that it exports, and those that they name, wherever they are. */
import { type Export, isFile, type Module, type Reference, readModule } from './declarations.ts'

/** A declaration, listed by its name: so its place does not depend on its file. */
export interface Listed {
  readonly name: string
  readonly text: string
}

/** The declarations that an entry exports, and those that they name. */
export function surfaceOf(entry: string): { exported: Listed[]; others: Listed[] } {
  const modules = new Map<string, Module>()
  const moduleOf = (file: string): Module => {
    const known = modules.get(file) ?? readModule(file)
    modules.set(file, known)
    return known
  }
  /** Follows imports and re-exports to what is declared. */
  const declared = ({ from, name }: Reference): Reference => {
    if (!isFile(from)) return { from, name }
    const next = moduleOf(from).elsewhere.get(name)
    return next ? declared(next) : { from, name }
  }

  const exported: Listed[] = []
  const others: Listed[] = []
  const seen = new Set<string>()
  const add = (reference: Reference, exportedAs?: Export) => {
    const { from, name } = declared(reference)
    const key = `${from} ${name}`
    if (seen.has(key) && !exportedAs) return
    seen.add(key)
    const listed = exportedAs === undefined ? others : exported
    if (!isFile(from)) {
      listed.push({ name, text: `import type { ${name} } from '${from}'` })
      return
    }
    const declaration = moduleOf(from).declarations.get(name)
    if (!declaration && exportedAs) throw new Error(`${from}: no declaration of ${name}, which is exported`)
    if (!declaration) return // Built in, or a type parameter.
    listed.push({ name, text: noteOn(declaration.text, name, exportedAs) + declaration.text })
    for (const named of declaration.names) waiting.push(named)
  }
  const waiting: Reference[] = []
  for (const exportedAs of moduleOf(entry).exports) add({ from: entry, name: exportedAs.name }, exportedAs)
  for (let next = waiting.pop(); next; next = waiting.pop()) add(next)
  return { exported, others }
}

/** What the declaration itself does not say of its export. */
function noteOn(text: string, name: string, exportedAs: Export | undefined): string {
  const renamed = exportedAs && exportedAs.name !== name ? `// exported as ${exportedAs.name}\n` : ''
  const typeOnly =
    exportedAs?.typeOnly && !/^(interface|type) /.test(text) ? '// exported as a type only\n' : ''
  return renamed + typeOnly
}
