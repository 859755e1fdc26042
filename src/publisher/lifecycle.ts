type Name = 'connect' | 'disconnect'

/** Connecting and disconnecting, one after the other. Who asks for the step that came last shares it. */
export class LifeSteps {
  #last: { readonly name: Name; readonly done: Promise<void> } | undefined

  /** `work` begins at once where nothing is under way. */
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
