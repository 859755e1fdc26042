/**
 * Stops with one message that names every missing package and both ways to get them.
 *
 * @throws Error where one is missing
 */
export async function requirePackages(
  command: string,
  needed: Readonly<Record<string, string>>,
): Promise<void> {
  const missing: string[] = []
  for (const name of Object.keys(needed)) if (!(await isInstalled(name))) missing.push(name)
  if (missing.length === 0) return
  // npx installs required peers by itself.
  const packages = Object.keys(needed).filter((name) => name !== '@opentelemetry/api')
  throw new Error(
    [
      `kafka-iam-otel ${command} needs packages that are not installed:`,
      ...missing.map((name) => `  ${name} (${needed[name]})`),
      '',
      `Add them:    npm install ${missing.join(' ')}`,
      `Or just try: npx -p kafka-iam-otel ${packages.map((name) => `-p ${name}`).join(' ')} kafka-iam-otel ${command}`,
    ].join('\n'),
  )
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    await import(name)
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // One that is there and broken says so in its own words.
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return false
    throw error
  }
}
