type Name = 'connect' | 'disconnect'

/** Connects and disconnects, one after the other. A call for the step that was requested last shares it. */
export class Lifecycle {
  #last: { readonly name: Name; readonly done: Promise<void> } | undefined

  /** `work` begins at once where no step is running. */
  run(name: Name, work: () => Promise<void>): Promise<void> {
    const before = this.#last
    if (before?.name === name) return before.done
    const step = { name, done: this.#after(before?.done, work) }
    this.#last = step
    const ended = () => {
      if (this.#last === step) this.#last = undefined
    }
    step.done.then(ended, ended)
    return step.done
  }

  async #after(before: Promise<void> | undefined, work: () => Promise<void>): Promise<void> {
    if (before) await before.catch(() => undefined)
    await work()
  }
}
