import { MskIamConfigurationError } from './errors.ts'

/** Loads an optional peer, or says which package is missing and how to install it. */
export async function loadOptional<T>(name: string, why: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // Only when the package itself is missing: one that is there and broken says so in its own words.
    if ((code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`)) {
      throw new MskIamConfigurationError('package_missing', {
        detail: `${name} is needed ${why}`,
        hint: `Run: npm install ${name}`,
        original: error,
      })
    }
    throw error
  }
}
