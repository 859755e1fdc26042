/** One file of declarations, read: what it exports, where its names come from, and what each declaration names. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type ESTree, parseSync, Visitor } from 'rolldown/utils'

export interface Reference {
  /** The file that declares it, or the package. */
  readonly from: string
  readonly name: string
}

export interface Export {
  readonly name: string
  readonly typeOnly: boolean
}

export interface Module {
  readonly exports: readonly Export[]
  /** What is imported or exported from another file, by its name here. */
  readonly elsewhere: ReadonlyMap<string, Reference>
  readonly declarations: ReadonlyMap<string, { readonly text: string; readonly names: readonly Reference[] }>
}

export const isFile = (from: string) => from.endsWith('.d.ts')

export function readModule(file: string): Module {
  const source = readFileSync(file, 'utf8')
  const { program, module, errors } = parseSync(file, source, { lang: 'dts', sourceType: 'module' })
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`)
  const target = (specifier: string) =>
    specifier.startsWith('.') ? resolve(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts')) : specifier

  const elsewhere = new Map<string, Reference>()
  for (const { moduleRequest, entries } of module.staticImports) {
    for (const { importName, localName } of entries) {
      elsewhere.set(localName.value, { from: target(moduleRequest.value), name: importName.name ?? '*' })
    }
  }
  const exported = module.staticExports.flatMap(({ entries }) => entries)
  for (const { exportName, importName, localName, moduleRequest } of exported) {
    const name = exportName.name
    if (!name) throw new Error(`${file}: \`export *\` and \`export default\` do not say what is public`)
    if (moduleRequest)
      elsewhere.set(name, { from: target(moduleRequest.value), name: importName.name ?? '*' })
    else if (localName.name && localName.name !== name)
      elsewhere.set(name, { from: file, name: localName.name })
  }

  const declarations = new Map<string, { text: string; names: Reference[] }>()
  for (const statement of program.body) {
    const declaration = 'declaration' in statement ? statement.declaration : statement
    const name = declaration && nameOf(declaration)
    if (!name) continue
    const names = namesIn(statement).map(([specifier, named]) => ({
      from: specifier ? target(specifier) : file,
      name: named,
    }))
    const text = source
      .slice(statement.start, statement.end)
      .replace(/^export /, '')
      .replace(/^declare /, '')
    // Overloads are one.
    const before = declarations.get(name)
    declarations.set(name, {
      text: [before?.text, text].filter(Boolean).join('\n'),
      names: [...(before?.names ?? []), ...names],
    })
  }
  const exports = exported.map(({ exportName, isType }) => ({ name: `${exportName.name}`, typeOnly: isType }))
  return { exports, elsewhere, declarations }
}

/** tsc emits one variable a statement. */
function nameOf(declaration: ESTree.Node): string | undefined {
  if (declaration.type === 'VariableDeclaration') return leftmost(declaration.declarations[0]?.id)
  return 'id' in declaration ? leftmost(declaration.id) : undefined
}

/** The types and values that a statement names, each with the module of an `import('…')`. */
function namesIn(statement: ESTree.Statement): [specifier: string | undefined, name: string][] {
  const names: [string | undefined, string][] = []
  const add = (node: unknown, specifier?: string) => {
    const name = leftmost(node)
    if (name) names.push([specifier, name])
  }
  new Visitor({
    TSTypeReference: ({ typeName }) => add(typeName),
    TSTypeQuery: ({ exprName }) => add(exprName),
    TSInterfaceHeritage: ({ expression }) => add(expression),
    TSClassImplements: ({ expression }) => add(expression),
    ClassDeclaration: ({ superClass }) => add(superClass),
    TSImportType: ({ source, qualifier }) => add(qualifier, source.value),
  }).visit({ type: 'Program', body: [statement] } as ESTree.Program)
  return names
}

/** The first name of `a.b.c`. */
function leftmost(node: unknown): string | undefined {
  const { name, left, object } = (node ?? {}) as { name?: string; left?: unknown; object?: unknown }
  return name ?? (left || object ? leftmost(left ?? object) : undefined)
}
