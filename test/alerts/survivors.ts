/** Mutants that no scenario notices, each with the reason why none has to. */
export const survivors: Readonly<Record<string, string>> = {}
